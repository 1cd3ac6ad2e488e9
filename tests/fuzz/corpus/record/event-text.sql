--1 event text
UPDATE event SET text = 'nothing' WHERE seq = 5;
