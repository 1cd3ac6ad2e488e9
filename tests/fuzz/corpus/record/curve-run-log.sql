--1 curve run
UPDATE curve SET run = 99 WHERE run = 2;
