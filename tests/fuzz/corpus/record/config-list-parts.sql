--3 config list
UPDATE experiment SET config = '[]' WHERE id = 2;
