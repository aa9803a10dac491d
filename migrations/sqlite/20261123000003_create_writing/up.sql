-- All ids are given out by the one writer: jobs have numbers of their own, which are never used again, and the rows
-- of all other tables share one sequence. The second change number grows when the table of tags changes.
ALTER TABLE store_state ADD COLUMN tag_number BIGINT NOT NULL DEFAULT 1;
ALTER TABLE store_state ADD COLUMN last_job_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE store_state ADD COLUMN last_id BIGINT NOT NULL DEFAULT 0;

UPDATE store_state SET
    last_job_id = max(coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'job'), 0),
                      coalesce((SELECT max(id) FROM job), 0)),
    last_id = max(coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'tag'), 0),
                  coalesce((SELECT max(id) FROM tag), 0));

-- SQLite need not keep its own last numbers beside ours, at the cost of a page in every transaction. What is stored
-- is the same with that word and without it, so the tables need not be copied:
-- https://www.sqlite.org/pragma.html#pragma_writable_schema
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, ' AUTOINCREMENT', '') WHERE type = 'table' AND name IN ('job', 'tag');
PRAGMA writable_schema = RESET;
DELETE FROM sqlite_sequence;

-- How many jobs a cluster has in each state: the totals of the usual lists, without counting.
CREATE TABLE job_total (
    cluster   TEXT NOT NULL,
    job_state TEXT NOT NULL,
    jobs      BIGINT NOT NULL,
    PRIMARY KEY (cluster, job_state)
) WITHOUT ROWID;

INSERT INTO job_total (cluster, job_state, jobs)
    SELECT cluster, job_state, count(*) FROM job GROUP BY cluster, job_state;

-- What the archive has to be told. It outlives the job: files are removed after the row.
CREATE TABLE archive_task (
    id         INTEGER PRIMARY KEY NOT NULL,
    task_kind  TEXT NOT NULL CHECK (task_kind IN ('update', 'remove')),
    job_db_id  BIGINT NOT NULL,
    cluster    TEXT NOT NULL,
    job_id     BIGINT NOT NULL,
    start_time BIGINT NOT NULL,
    version    BIGINT NOT NULL DEFAULT 1,
    attempts   BIGINT NOT NULL DEFAULT 0,
    problem    TEXT NOT NULL DEFAULT '',
    UNIQUE (task_kind, job_db_id)
);

CREATE INDEX archive_task_by_attempts ON archive_task (attempts, id);

-- Who changed what. Rows are only ever added.
CREATE TABLE audit_entry (
    id           INTEGER PRIMARY KEY NOT NULL,
    time_stamp   BIGINT NOT NULL,
    username     TEXT NOT NULL,
    address      TEXT NOT NULL,
    request_id   TEXT NOT NULL,
    action       TEXT NOT NULL,
    object       TEXT NOT NULL,
    outcome      TEXT NOT NULL,
    detail       TEXT NOT NULL
);

CREATE TRIGGER audit_entry_stays BEFORE DELETE ON audit_entry
    BEGIN SELECT RAISE(ABORT, 'entries of the audit log stay'); END;
CREATE TRIGGER audit_entry_is_final BEFORE UPDATE ON audit_entry
    BEGIN SELECT RAISE(ABORT, 'entries of the audit log do not change'); END;
-- REPLACE deletes without asking the triggers above.
CREATE TRIGGER audit_entry_is_new BEFORE INSERT ON audit_entry
    WHEN EXISTS (SELECT 1 FROM audit_entry WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'entries of the audit log are not replaced'); END;

-- The nodes with their current state, and the history.
CREATE TABLE node (
    id               INTEGER PRIMARY KEY NOT NULL,
    cluster          TEXT NOT NULL,
    hostname         TEXT NOT NULL,
    subcluster       TEXT NOT NULL,
    time_stamp       BIGINT NOT NULL,
    node_state       TEXT NOT NULL CHECK (node_state IN ('allocated', 'reserved', 'idle', 'mixed', 'down', 'unknown')),
    cpus_allocated   BIGINT NOT NULL DEFAULT 0,
    memory_allocated BIGINT NOT NULL DEFAULT 0,
    gpus_allocated   BIGINT NOT NULL DEFAULT 0,
    jobs_running     BIGINT NOT NULL DEFAULT 0,
    health_state     TEXT CHECK (health_state IN ('full', 'partial', 'failed')),
    health_metrics   TEXT,
    UNIQUE (cluster, hostname)
);

CREATE TABLE node_report (
    id               INTEGER PRIMARY KEY NOT NULL,
    node_id          BIGINT NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    time_stamp       BIGINT NOT NULL,
    node_state       TEXT NOT NULL CHECK (node_state IN ('allocated', 'reserved', 'idle', 'mixed', 'down', 'unknown')),
    cpus_allocated   BIGINT NOT NULL DEFAULT 0,
    memory_allocated BIGINT NOT NULL DEFAULT 0,
    gpus_allocated   BIGINT NOT NULL DEFAULT 0,
    jobs_running     BIGINT NOT NULL DEFAULT 0,
    health_state     TEXT CHECK (health_state IN ('full', 'partial', 'failed')),
    health_metrics   TEXT
);

CREATE INDEX node_report_by_node ON node_report (node_id, time_stamp);
CREATE INDEX node_report_by_time ON node_report (time_stamp);

-- Starts and stops that a rule refused, kept until its cause is mended.
CREATE TABLE refused_request (
    id         INTEGER PRIMARY KEY NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('start_job', 'stop_job')),
    cluster    TEXT NOT NULL DEFAULT '',      -- empty: a stop that names none
    job_id     BIGINT NOT NULL,
    start_time BIGINT NOT NULL DEFAULT 0,     -- 0: a stop that names none
    event_time BIGINT NOT NULL,
    received   BIGINT NOT NULL,
    username   TEXT NOT NULL,
    reason     TEXT NOT NULL,
    body       TEXT NOT NULL,
    UNIQUE (job_id, cluster, kind, event_time)
);

CREATE TABLE task_run (
    name        TEXT PRIMARY KEY NOT NULL,
    started     BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    result      TEXT NOT NULL,
    error       TEXT
);

-- Settings of users, as JSON.
CREATE TABLE configuration (
    username TEXT NOT NULL REFERENCES hpc_user (username) ON DELETE CASCADE,
    confkey  TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (username, confkey)
) WITHOUT ROWID;
