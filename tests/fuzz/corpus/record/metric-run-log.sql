--1 metric run
UPDATE metric SET run = 99 WHERE run = 2;
