--0 answer neither
UPDATE answer SET text = NULL, refusal = NULL WHERE id = 2;
