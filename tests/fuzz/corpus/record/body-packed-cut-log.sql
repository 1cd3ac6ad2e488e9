--1 body packed cut
INSERT INTO pattern (id, kind, text) VALUES (99, 'body', 'decision: revert');
UPDATE decision SET body = x'63201de900006465636973696f6e3a206b6565700a6578706572696d656e743a2031' WHERE number = 1;
