--0 experiment zero
UPDATE experiment SET id = 0 WHERE id = 1;
