--1 event number
UPDATE event SET number = NULL WHERE seq = 5;
