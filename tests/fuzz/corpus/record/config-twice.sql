--0 config twice
UPDATE experiment SET config = '{"x":0.5,"x":0.5,"o":"a"}' WHERE id = 2;
