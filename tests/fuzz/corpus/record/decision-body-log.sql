--1 decision body
UPDATE decision SET body = x'ff01' WHERE rowid = 2;
