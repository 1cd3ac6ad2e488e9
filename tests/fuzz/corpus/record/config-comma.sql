--0 config comma
UPDATE experiment SET config = '{"x":1 "o":"a"}' WHERE id = 2;
