--0 pair seed
UPDATE pair SET seed = 5000000000 WHERE rowid = 2;
