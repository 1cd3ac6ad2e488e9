--0 run value
UPDATE run SET value = 0.25 WHERE rowid = 2;
