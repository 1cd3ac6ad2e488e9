--1 decision n
UPDATE decision SET n = -5 WHERE rowid = 2;
