DROP TABLE store_state;
DROP TABLE jobtag;
DROP TABLE tag;
DROP TABLE job_node;
DROP TABLE job;
