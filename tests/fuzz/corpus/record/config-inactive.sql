--0 config inactive
UPDATE experiment SET config = '{"x":0.5,"o":"a","m":2}' WHERE id = 2;
