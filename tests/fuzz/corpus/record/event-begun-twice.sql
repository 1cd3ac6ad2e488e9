--1 event begun twice
UPDATE event SET number = 1 WHERE seq = 7;
