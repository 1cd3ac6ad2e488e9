--0 run bits
UPDATE run SET bits = -1 WHERE rowid = 2;
