--0 spec broken
UPDATE meta SET value = '{' WHERE key = 'spec';
