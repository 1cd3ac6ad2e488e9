--1 decision kind
UPDATE decision SET kind = 'guess' WHERE rowid = 2;
