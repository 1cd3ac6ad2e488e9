--0 intent none
DELETE FROM intent;
