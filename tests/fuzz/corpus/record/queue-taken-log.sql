--1 queue taken
UPDATE queue SET taken = 5;
