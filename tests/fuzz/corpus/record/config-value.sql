--0 config value
UPDATE experiment SET config = '{"x":?}' WHERE id = 2;
