--0 no study
DELETE FROM meta WHERE key = 'study';
