ALTER TABLE refused_request DROP CONSTRAINT refused_request_key;
DELETE FROM refused_request AS later USING refused_request AS first
    WHERE first.id < later.id AND first.job_id = later.job_id AND first.cluster = later.cluster
      AND first.kind = later.kind AND first.event_time = later.event_time;
ALTER TABLE refused_request ADD UNIQUE (job_id, cluster, kind, event_time);
DROP INDEX refused_request_by_size;
ALTER TABLE refused_request DROP COLUMN body_kib;
