--0 decision incumbent
UPDATE decision SET incumbent = 77 WHERE rowid = 2;
