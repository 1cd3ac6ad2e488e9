--3 outbox ref
UPDATE outbox SET ref = 99 WHERE rowid = 2;
