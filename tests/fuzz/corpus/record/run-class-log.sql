--1 run class
UPDATE run SET class = 'fine' WHERE rowid = 2;
