--3 config tail
UPDATE experiment SET config = '{"x":0.5} ' WHERE id = 2;
