--1 body packed empty
INSERT INTO pattern (id, kind, text) VALUES (99, 'body', 'decision: revert');
UPDATE decision SET body = x'632000010000' WHERE number = 1;
