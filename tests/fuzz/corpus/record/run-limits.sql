--0 run limits
UPDATE run SET limits = x'01ff00' WHERE rowid = 2;
