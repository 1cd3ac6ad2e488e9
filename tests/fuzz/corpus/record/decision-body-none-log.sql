--1 decision body none
UPDATE decision SET body = NULL WHERE number = 1;
