--3 pattern other
UPDATE pattern SET text = 'x';
