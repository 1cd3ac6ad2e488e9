--0 outbox parent
UPDATE outbox SET parent = x'00' WHERE rowid = 2;
