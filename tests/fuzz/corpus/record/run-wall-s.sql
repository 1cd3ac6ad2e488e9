--0 run wall s
UPDATE run SET wall_s = -1e308 WHERE rowid = 2;
