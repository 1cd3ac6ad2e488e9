--1 session none
DELETE FROM session;
