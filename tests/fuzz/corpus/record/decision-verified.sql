--0 decision verified
UPDATE decision SET verified = 3 WHERE rowid = 2;
