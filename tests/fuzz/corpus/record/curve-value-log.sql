--1 curve value
UPDATE curve SET value = 9e999 WHERE run = 1;
