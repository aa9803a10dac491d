-- What is kept is measured as well, without reading it; and two stops that differ in the start they name are two.
CREATE TABLE kept_request (
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
    body_kib   INT NOT NULL,                  -- KiB of the body, rounded up
    UNIQUE (job_id, cluster, kind, event_time, start_time)
);
INSERT INTO kept_request
    SELECT id, kind, cluster, job_id, start_time, event_time, received, username, reason, body,
           (length(CAST(body AS BLOB)) + 1023) / 1024
    FROM refused_request;
DROP TABLE refused_request;
ALTER TABLE kept_request RENAME TO refused_request;
CREATE INDEX refused_request_by_size ON refused_request (body_kib);
