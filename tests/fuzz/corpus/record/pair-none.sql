--0 pair none
DELETE FROM pair;
