--0 decision reason
UPDATE decision SET reason = NULL WHERE rowid = 2;
