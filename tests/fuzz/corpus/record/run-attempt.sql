--0 run attempt
UPDATE run SET attempt = 0 WHERE rowid = 2;
