--0 pair experiment
UPDATE pair SET experiment = 99 WHERE rowid = 2;
