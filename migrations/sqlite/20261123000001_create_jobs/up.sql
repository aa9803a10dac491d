-- Long texts come last: SQLite reads a row from its start, and the lists' filters need only the numbers.
CREATE TABLE job (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, -- never used again
    job_id              BIGINT NOT NULL,
    cluster             TEXT NOT NULL CHECK (cluster <> ''),
    subcluster          TEXT NOT NULL,
    submit_time         BIGINT NOT NULL DEFAULT 0,
    start_time          BIGINT NOT NULL,
    hpc_user            TEXT NOT NULL,
    project             TEXT NOT NULL,
    cluster_partition   TEXT NOT NULL DEFAULT '',
    array_job_id        BIGINT NOT NULL DEFAULT 0,
    duration            BIGINT NOT NULL,
    walltime            BIGINT NOT NULL DEFAULT 0,
    requested_memory    BIGINT NOT NULL DEFAULT 0,
    job_state           TEXT NOT NULL CHECK (job_state IN (
                            'boot_fail', 'cancelled', 'completed', 'deadline', 'failed', 'node_fail',
                            'out_of_memory', 'pending', 'preempted', 'running', 'suspended', 'timeout')),
    num_nodes           BIGINT NOT NULL,
    num_hwthreads       INT NOT NULL DEFAULT 0,
    num_acc             INT NOT NULL DEFAULT 0,
    smt                 INT NOT NULL DEFAULT 0,
    shared              TEXT NOT NULL CHECK (shared IN ('none', 'single_user', 'multi_user')),
    monitoring_status   SMALLINT NOT NULL CHECK (monitoring_status IN (0, 1, 2, 3)),
    energy              DOUBLE NOT NULL DEFAULT 0.0,
    archive_fingerprint BIGINT,
    footprint           TEXT CHECK (footprint IS NULL OR json_valid(footprint)),
    energy_footprint    TEXT,
    resources           TEXT NOT NULL,
    statistics          TEXT,
    meta_data           TEXT,
    UNIQUE (job_id, cluster, start_time)
);

-- The order of lists is start_time, id; the id is at the end of every index anyway.
CREATE INDEX job_by_start ON job (start_time);
CREATE INDEX job_by_cluster ON job (cluster, start_time);
-- The most usual pair of filters; with it a far page is skipped without looking at rows.
CREATE INDEX job_by_cluster_state ON job (cluster, job_state, start_time);
CREATE INDEX job_by_subcluster ON job (subcluster, start_time);
CREATE INDEX job_by_partition ON job (cluster_partition, start_time);
CREATE INDEX job_by_user ON job (hpc_user, start_time);
-- With the user: a manager's list leaves their own jobs out of those of their projects.
CREATE INDEX job_by_project ON job (project, start_time, hpc_user);
CREATE INDEX job_by_state ON job (job_state, start_time);
CREATE INDEX job_by_array ON job (array_job_id, start_time);
-- Ranges have to sort what they find; with all that takes in the index, they need no row for it.
CREATE INDEX job_by_nodes ON job (num_nodes, start_time);
CREATE INDEX job_by_duration ON job (duration, start_time, job_state);
CREATE INDEX job_by_energy ON job (energy, start_time);

-- The start of a job never changes; here it gives the jobs of a host in the order of lists.
CREATE TABLE job_node (
    job_id     BIGINT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    hostname   TEXT NOT NULL,
    start_time BIGINT NOT NULL,
    PRIMARY KEY (job_id, hostname)
) WITHOUT ROWID;

CREATE INDEX job_node_by_host ON job_node (hostname, start_time, job_id);

CREATE TABLE tag (
    id        INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    tag_type  TEXT NOT NULL,
    tag_name  TEXT NOT NULL,
    tag_scope TEXT NOT NULL DEFAULT 'global' CHECK (tag_scope <> ''),
    insert_ts TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (tag_type, tag_name, tag_scope)
);

-- Likewise, the jobs of a tag.
CREATE TABLE jobtag (
    job_id     BIGINT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    tag_id     BIGINT NOT NULL REFERENCES tag (id) ON DELETE CASCADE,
    start_time BIGINT NOT NULL,
    insert_ts  TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (job_id, tag_id)
) WITHOUT ROWID;

CREATE INDEX jobtag_by_tag ON jobtag (tag_id, start_time, job_id);

-- One row. The number grows with every write transaction, so that what was derived can be dropped.
CREATE TABLE store_state (
    id            INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    change_number BIGINT NOT NULL
);

INSERT INTO store_state (id, change_number) VALUES (1, 1);
