--3 outbox commit
UPDATE outbox SET commit_id = x'' WHERE rowid = 2;
