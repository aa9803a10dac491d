-- Jobs that have ended and whose data are to be brought into the archive.
CREATE TABLE archiving (
    job_id   INTEGER PRIMARY KEY NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    attempts BIGINT NOT NULL DEFAULT 0,
    due      BIGINT NOT NULL,
    problem  TEXT NOT NULL DEFAULT ''
);

CREATE INDEX archiving_by_due ON archiving (due, job_id);

-- What was not there when the job was archived, as JSON.
ALTER TABLE job ADD COLUMN missing TEXT;

INSERT INTO archiving (job_id, due)
    SELECT id, 0 FROM job
    WHERE monitoring_status = 1 AND job_state NOT IN ('pending', 'running', 'suspended');
