--3 body pattern
UPDATE decision SET body = x'01000000' WHERE number = 2;
