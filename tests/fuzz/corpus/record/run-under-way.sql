--0 run under way
UPDATE run SET class = 'none' WHERE id = 2;
