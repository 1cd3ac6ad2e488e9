--0 session none
DELETE FROM session;
