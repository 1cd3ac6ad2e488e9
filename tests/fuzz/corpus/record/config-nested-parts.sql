--3 config nested
UPDATE experiment SET config = '{"x": [0.5], "o": "a"}' WHERE id = 2;
