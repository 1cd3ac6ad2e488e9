--0 config escape
UPDATE experiment SET config = '{"x":0.5,"o":"\\u0061"}' WHERE id = 2;
