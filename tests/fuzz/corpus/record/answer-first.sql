--0 answer first
UPDATE answer SET experiment = 1 WHERE id = 1;
