--0 config truth
UPDATE experiment SET config = '{"x":0.5,"o":true}' WHERE id = 2;
