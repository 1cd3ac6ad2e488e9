--0 not allowed
CREATE TABLE t (a);
