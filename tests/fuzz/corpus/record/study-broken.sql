--0 study broken
UPDATE meta SET value = 'name: 1' WHERE key = 'study';
