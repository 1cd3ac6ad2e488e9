--3 no study
DELETE FROM meta WHERE key = 'study';
