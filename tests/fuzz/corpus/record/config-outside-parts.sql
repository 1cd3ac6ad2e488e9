--3 config outside
UPDATE experiment SET config = '{"x":7,"o":"a"}' WHERE id = 2;
