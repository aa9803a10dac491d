DROP INDEX job_by_array;
CREATE INDEX job_by_array ON job (array_job_id, start_time);
DROP INDEX job_by_nodes;
CREATE INDEX job_by_nodes ON job (num_nodes, start_time);
DROP INDEX job_by_duration;
CREATE INDEX job_by_duration ON job (duration, start_time, job_state);
DROP INDEX job_by_energy;
CREATE INDEX job_by_energy ON job (energy, start_time);
