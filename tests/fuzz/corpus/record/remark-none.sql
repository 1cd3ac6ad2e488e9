--0 remark none
UPDATE experiment SET remark = NULL WHERE rowid = 2;
