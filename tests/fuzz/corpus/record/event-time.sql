--1 event time
UPDATE event SET time = -1;
