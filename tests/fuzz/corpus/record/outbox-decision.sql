--0 outbox decision
UPDATE outbox SET decision = 99 WHERE rowid = 2;
