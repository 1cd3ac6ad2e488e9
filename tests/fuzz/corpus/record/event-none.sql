--1 event none
DELETE FROM event;
