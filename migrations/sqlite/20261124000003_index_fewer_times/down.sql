DROP INDEX job_by_state;
CREATE INDEX job_by_state ON job (job_state, start_time);
CREATE INDEX job_by_cluster_state ON job (cluster, job_state, start_time);
DROP INDEX job_by_cluster;
CREATE INDEX job_by_cluster ON job (cluster, start_time);

CREATE TABLE host_of_job (
    job_id     BIGINT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    hostname   TEXT NOT NULL,
    start_time BIGINT NOT NULL,
    PRIMARY KEY (job_id, hostname)
) WITHOUT ROWID;
INSERT INTO host_of_job SELECT job_id, hostname, start_time FROM job_node;
DROP TABLE job_node;
ALTER TABLE host_of_job RENAME TO job_node;
CREATE INDEX job_node_by_host ON job_node (hostname, start_time, job_id);
