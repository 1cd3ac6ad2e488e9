--0 no source
DELETE FROM meta WHERE key = 'source';
