--1 v
UPDATE event SET seq = -1000 WHERE seq = 5;
