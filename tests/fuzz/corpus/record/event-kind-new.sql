--1 event kind new
UPDATE event SET kind = 'remark' WHERE seq = 5;
