--3 no patterns
DELETE FROM pattern;
