--1 event row
UPDATE event SET row = 77 WHERE seq = 5;
