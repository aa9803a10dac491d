-- Running jobs stay out of these indices: each cost every start a page or two. They are few, and found by their state.
DROP INDEX job_by_array;
CREATE INDEX job_by_array ON job (array_job_id, start_time) WHERE array_job_id <> 0;
DROP INDEX job_by_nodes;
CREATE INDEX job_by_nodes ON job (num_nodes, start_time) WHERE job_state <> 'running';
DROP INDEX job_by_duration;
CREATE INDEX job_by_duration ON job (duration, start_time) WHERE job_state <> 'running';
DROP INDEX job_by_energy;
CREATE INDEX job_by_energy ON job (energy, start_time) WHERE job_state <> 'running';
