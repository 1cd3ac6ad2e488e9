--1 queue config
UPDATE queue SET config = '[1' WHERE taken = 0;
