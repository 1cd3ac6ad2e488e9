--1 event kind
UPDATE event SET kind = 'begun' WHERE seq = 5;
