--0 artifact bytes
UPDATE artifact SET bytes = -1;
