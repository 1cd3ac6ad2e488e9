--0 closing minus
UPDATE closing SET after = -7;
