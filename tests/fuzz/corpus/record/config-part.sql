--0 config part
UPDATE experiment SET config = '{"x":0.5}' WHERE id = 2;
