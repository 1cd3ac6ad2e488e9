--0 run variant
UPDATE run SET variant = 'twin' WHERE rowid = 2;
