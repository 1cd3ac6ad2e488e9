--3 config tagged
UPDATE experiment SET config = '{"x": !!int "0.5", "o": "a"}' WHERE id = 2;
