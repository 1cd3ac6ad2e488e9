--0 pair against
UPDATE pair SET against = 99 WHERE rowid = 2;
