--0 config blanks
UPDATE experiment SET config = '{"x": 0.5, "o": "b", "m": 2}' WHERE id = 2;
