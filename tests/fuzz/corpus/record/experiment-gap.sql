--0 experiment gap
UPDATE experiment SET id = 9 WHERE id = 2;
