--0 sha short
UPDATE experiment SET sha = 'ab' WHERE rowid = 2;
