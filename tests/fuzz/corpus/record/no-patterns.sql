--0 no patterns
DELETE FROM pattern;
