--0 run seed
UPDATE run SET seed = -1 WHERE rowid = 2;
