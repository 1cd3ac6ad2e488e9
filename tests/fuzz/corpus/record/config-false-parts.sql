--3 config false
UPDATE experiment SET config = '{"x":0.5,"o":false}' WHERE id = 2;
