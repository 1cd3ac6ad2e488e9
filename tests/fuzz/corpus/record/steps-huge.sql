--0 steps huge
UPDATE experiment SET steps = 9223372036854775807 WHERE rowid = 2;
