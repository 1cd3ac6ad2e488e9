--0 config unknown
UPDATE experiment SET config = '{"k":1}' WHERE id = 2;
