--3 decision against
UPDATE decision SET against = 4 WHERE rowid = 2;
