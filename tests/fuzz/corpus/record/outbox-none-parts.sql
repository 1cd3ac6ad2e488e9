--3 outbox none
DELETE FROM outbox;
