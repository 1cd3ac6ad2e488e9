--0 decision alpha
UPDATE decision SET alpha = 0.5 WHERE rowid = 2;
