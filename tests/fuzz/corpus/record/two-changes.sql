--1 two changes
UPDATE run SET detail = 'x' WHERE id = 1;
UPDATE decision SET reason = 'y' WHERE number = 2;
