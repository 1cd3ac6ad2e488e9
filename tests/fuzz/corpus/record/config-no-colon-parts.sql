--3 config no colon
UPDATE experiment SET config = '{"x" 1}' WHERE id = 2;
