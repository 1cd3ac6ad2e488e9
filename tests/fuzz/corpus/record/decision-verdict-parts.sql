--3 decision verdict
UPDATE decision SET verdict = 'pending' WHERE rowid = 2;
