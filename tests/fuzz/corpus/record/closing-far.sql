--0 closing far
UPDATE closing SET after = 99;
