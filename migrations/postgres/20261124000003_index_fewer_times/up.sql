-- Cluster, state and both together were three indices, each of which every start and stop had to change. Lists by cluster
-- or by state alone are merged from these two.
DROP INDEX job_by_cluster;
CREATE INDEX job_by_cluster ON job (cluster, start_time, id) WHERE job_state <> 'running';
DROP INDEX job_by_cluster_state;
DROP INDEX job_by_state;
CREATE INDEX job_by_state ON job (job_state, cluster, start_time, id);

-- The hosts of jobs were in two orders. Those of a job are named in its row.
DROP INDEX job_node_by_host;
ALTER TABLE job_node DROP CONSTRAINT job_node_job_id_fkey;
ALTER TABLE job_node DROP CONSTRAINT job_node_pkey;
ALTER TABLE job_node ADD PRIMARY KEY (hostname, start_time, job_id);
