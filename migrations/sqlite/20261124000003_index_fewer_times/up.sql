-- Cluster, state and both together were three indices, each of which every start and stop had to change. Lists by cluster
-- or by state alone are merged from these two.
DROP INDEX job_by_cluster;
CREATE INDEX job_by_cluster ON job (cluster, start_time) WHERE job_state <> 'running';
DROP INDEX job_by_cluster_state;
DROP INDEX job_by_state;
CREATE INDEX job_by_state ON job (job_state, cluster, start_time);

-- The hosts of jobs were in two orders. Those of a job are named in its row.
CREATE TABLE job_host (
    job_id     BIGINT NOT NULL,
    hostname   TEXT NOT NULL,
    start_time BIGINT NOT NULL,
    PRIMARY KEY (hostname, start_time, job_id)
) WITHOUT ROWID;
INSERT INTO job_host SELECT job_id, hostname, start_time FROM job_node;
DROP TABLE job_node;
ALTER TABLE job_host RENAME TO job_node;
