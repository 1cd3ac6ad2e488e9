--3 config open
UPDATE experiment SET config = '{' WHERE id = 2;
