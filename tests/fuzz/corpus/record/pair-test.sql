--0 pair test
UPDATE pair SET test = -1 WHERE rowid = 2;
