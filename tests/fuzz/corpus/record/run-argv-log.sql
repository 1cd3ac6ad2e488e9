--1 run argv
UPDATE run SET argv = x'ff' WHERE rowid = 2;
