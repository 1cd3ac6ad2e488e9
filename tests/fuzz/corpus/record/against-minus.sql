--0 against minus
UPDATE experiment SET against = -1 WHERE rowid = 2;
