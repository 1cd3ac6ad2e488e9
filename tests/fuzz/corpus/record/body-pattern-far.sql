--3 body pattern far
UPDATE decision SET body = x'ffffffffffffffffff7f00' WHERE number = 2;
