--0 purpose
UPDATE experiment SET purpose = 'whim' WHERE rowid = 2;
