--1 decision experiment
UPDATE decision SET experiment = 0 WHERE rowid = 2;
