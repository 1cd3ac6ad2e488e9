--3 no spec
DELETE FROM meta WHERE key = 'spec';
