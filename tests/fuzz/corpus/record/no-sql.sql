--0 no sql
what is this;
