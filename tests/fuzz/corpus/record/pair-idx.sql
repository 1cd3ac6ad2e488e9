--0 pair idx
UPDATE pair SET idx = -3 WHERE rowid = 2;
