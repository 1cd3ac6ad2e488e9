--3 config empty
UPDATE experiment SET config = '' WHERE id = 2;
