--1 run usage
UPDATE run SET usage = 'text' WHERE rowid = 2;
