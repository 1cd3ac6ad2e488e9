--1 event experiment
UPDATE event SET experiment = 3 WHERE seq = 5;
