--0 outbox none
DELETE FROM outbox;
