CREATE TABLE kept_request (
    id         INTEGER PRIMARY KEY NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('start_job', 'stop_job')),
    cluster    TEXT NOT NULL DEFAULT '',
    job_id     BIGINT NOT NULL,
    start_time BIGINT NOT NULL DEFAULT 0,
    event_time BIGINT NOT NULL,
    received   BIGINT NOT NULL,
    username   TEXT NOT NULL,
    reason     TEXT NOT NULL,
    body       TEXT NOT NULL,
    UNIQUE (job_id, cluster, kind, event_time)
);
INSERT OR IGNORE INTO kept_request
    SELECT id, kind, cluster, job_id, start_time, event_time, received, username, reason, body
    FROM refused_request ORDER BY id;
DROP TABLE refused_request;
ALTER TABLE kept_request RENAME TO refused_request;
