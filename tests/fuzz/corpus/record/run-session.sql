--0 run session
UPDATE run SET session = 7 WHERE rowid = 2;
