--0 config text open
UPDATE experiment SET config = '{"x":"a' WHERE id = 2;
