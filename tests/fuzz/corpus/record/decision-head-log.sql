--1 decision head
UPDATE decision SET head = -1 WHERE rowid = 2;
