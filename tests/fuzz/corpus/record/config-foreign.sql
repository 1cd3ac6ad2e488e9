--0 config foreign
UPDATE experiment SET config = '{"x":0.5,"o":"c"}' WHERE id = 2;
