--1 event sha
UPDATE event SET sha = NULL WHERE seq = 5;
