--1 run argv packed
INSERT INTO pattern (id, kind, text) VALUES (99, 'body', 'decision: revert');
UPDATE run SET argv = x'63201de900006465636973696f6e3a206b6565700a6578706572696d656e743a20310a' WHERE id = 1;
