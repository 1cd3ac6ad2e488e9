--0 config quoted
UPDATE experiment SET config = '{"x": "0.5", "o": "a"}' WHERE id = 2;
