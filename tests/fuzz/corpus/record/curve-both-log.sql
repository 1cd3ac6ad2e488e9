--1 curve both
UPDATE curve SET step = 3;
