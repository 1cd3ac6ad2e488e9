--0 against later
UPDATE experiment SET against = 3 WHERE rowid = 2;
