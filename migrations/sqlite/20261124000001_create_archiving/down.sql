ALTER TABLE job DROP COLUMN missing;
DROP TABLE archiving;
