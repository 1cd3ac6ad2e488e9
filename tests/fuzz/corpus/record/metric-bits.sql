--0 metric bits
UPDATE metric SET bits = 0;
