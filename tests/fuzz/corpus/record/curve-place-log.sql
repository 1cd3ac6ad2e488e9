--1 curve place
UPDATE curve SET progress = NULL, step = NULL;
