--0 left open
BEGIN;
UPDATE run SET detail = 'x';
