--0 run detail
UPDATE run SET detail = 'a detail' WHERE rowid = 2;
