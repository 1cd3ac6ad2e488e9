--0 answer far
UPDATE answer SET experiment = 99 WHERE id = 1;
