--1 event gap
DELETE FROM event WHERE seq = 4;
