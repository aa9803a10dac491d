DROP TABLE configuration;
DROP TABLE task_run;
DROP TABLE refused_request;
DROP TABLE node_report;
DROP TABLE node;
DROP TABLE audit_entry;
DROP TABLE archive_task;
DROP TABLE job_total;
INSERT INTO sqlite_sequence (name, seq) SELECT 'job', last_job_id FROM store_state;
INSERT INTO sqlite_sequence (name, seq) SELECT 'tag', last_id FROM store_state;
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'INTEGER PRIMARY KEY NOT NULL', 'INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL')
    WHERE type = 'table' AND name IN ('job', 'tag');
PRAGMA writable_schema = RESET;
ALTER TABLE store_state DROP COLUMN last_id;
ALTER TABLE store_state DROP COLUMN last_job_id;
ALTER TABLE store_state DROP COLUMN tag_number;
