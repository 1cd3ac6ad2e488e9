--3 no sql
what is this;
