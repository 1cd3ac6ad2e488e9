--1 queue none
DELETE FROM queue;
