--0 run experiment
UPDATE run SET experiment = 99 WHERE rowid = 2;
