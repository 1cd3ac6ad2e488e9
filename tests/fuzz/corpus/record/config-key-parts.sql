--3 config key
UPDATE experiment SET config = '{x:1}' WHERE id = 2;
