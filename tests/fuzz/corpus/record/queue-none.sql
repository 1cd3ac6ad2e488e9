--0 queue none
DELETE FROM queue;
