DROP INDEX job_by_state;
CREATE INDEX job_by_state ON job (job_state, start_time, id);
CREATE INDEX job_by_cluster_state ON job (cluster, job_state, start_time, id);
DROP INDEX job_by_cluster;
CREATE INDEX job_by_cluster ON job (cluster, start_time, id);

ALTER TABLE job_node DROP CONSTRAINT job_node_pkey;
ALTER TABLE job_node ADD PRIMARY KEY (job_id, hostname);
ALTER TABLE job_node ADD CONSTRAINT job_node_job_id_fkey
    FOREIGN KEY (job_id) REFERENCES job (id) ON DELETE CASCADE;
CREATE INDEX job_node_by_host ON job_node (hostname, start_time, job_id);
