--0 decision gap
DELETE FROM decision WHERE number = 2;
