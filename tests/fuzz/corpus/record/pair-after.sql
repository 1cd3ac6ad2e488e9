--0 pair after
UPDATE pair SET after = 99 WHERE rowid = 2;
