--3 pattern kind
UPDATE pattern SET kind = 'ref';
