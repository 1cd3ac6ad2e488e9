--1 body packed zero
INSERT INTO pattern (id, kind, text) VALUES (99, 'body', 'decision: revert');
UPDATE decision SET body = x'632003190000610062' WHERE number = 1;
