--3 decision mean
UPDATE decision SET mean = NULL WHERE rowid = 2;
