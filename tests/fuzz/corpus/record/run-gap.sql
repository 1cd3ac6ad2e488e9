--0 run gap
DELETE FROM run WHERE id = 2;
