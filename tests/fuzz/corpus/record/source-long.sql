--0 source long
UPDATE meta SET value = 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff' WHERE key = 'source';
