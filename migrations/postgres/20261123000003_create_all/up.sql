-- The same tables as in an SQLite file, see there for why they are as they are. Texts compare byte by byte there,
-- hence the collation here.
CREATE TABLE job (
    id                  BIGINT PRIMARY KEY NOT NULL, -- never used again
    job_id              BIGINT NOT NULL,
    cluster             TEXT COLLATE "C" NOT NULL CHECK (cluster <> ''),
    subcluster          TEXT COLLATE "C" NOT NULL,
    submit_time         BIGINT NOT NULL DEFAULT 0,
    start_time          BIGINT NOT NULL,
    hpc_user            TEXT COLLATE "C" NOT NULL,
    project             TEXT COLLATE "C" NOT NULL,
    cluster_partition   TEXT COLLATE "C" NOT NULL DEFAULT '',
    array_job_id        BIGINT NOT NULL DEFAULT 0,
    duration            BIGINT NOT NULL,
    walltime            BIGINT NOT NULL DEFAULT 0,
    requested_memory    BIGINT NOT NULL DEFAULT 0,
    job_state           TEXT COLLATE "C" NOT NULL CHECK (job_state IN (
                            'boot_fail', 'cancelled', 'completed', 'deadline', 'failed', 'node_fail',
                            'out_of_memory', 'pending', 'preempted', 'running', 'suspended', 'timeout')),
    num_nodes           BIGINT NOT NULL,
    num_hwthreads       INTEGER NOT NULL DEFAULT 0,
    num_acc             INTEGER NOT NULL DEFAULT 0,
    smt                 INTEGER NOT NULL DEFAULT 0,
    shared              TEXT COLLATE "C" NOT NULL CHECK (shared IN ('none', 'single_user', 'multi_user')),
    monitoring_status   SMALLINT NOT NULL CHECK (monitoring_status IN (0, 1, 2, 3)),
    energy              DOUBLE PRECISION NOT NULL DEFAULT 0.0,
    archive_fingerprint BIGINT,
    footprint           TEXT COLLATE "C" CHECK (footprint IS NULL OR footprint::json IS NOT NULL),
    energy_footprint    TEXT COLLATE "C",
    resources           TEXT COLLATE "C" NOT NULL,
    statistics          TEXT COLLATE "C",
    meta_data           TEXT COLLATE "C",
    UNIQUE (job_id, cluster, start_time)
);

-- The order of lists is start_time, id.
CREATE INDEX job_by_start ON job (start_time, id);
CREATE INDEX job_by_cluster ON job (cluster, start_time, id);
-- The most usual pair of filters; with it a far page is skipped without looking at rows.
CREATE INDEX job_by_cluster_state ON job (cluster, job_state, start_time, id);
CREATE INDEX job_by_subcluster ON job (subcluster, start_time, id);
CREATE INDEX job_by_partition ON job (cluster_partition, start_time, id);
CREATE INDEX job_by_user ON job (hpc_user, start_time, id);
-- With the user: a manager's list leaves their own jobs out of those of their projects.
CREATE INDEX job_by_project ON job (project, start_time, hpc_user, id);
CREATE INDEX job_by_state ON job (job_state, start_time, id);
CREATE INDEX job_by_array ON job (array_job_id, start_time, id);
-- Ranges have to sort what they find; with all that takes in the index, they need no row for it.
CREATE INDEX job_by_nodes ON job (num_nodes, start_time, id);
CREATE INDEX job_by_duration ON job (duration, start_time, job_state, id);
CREATE INDEX job_by_energy ON job (energy, start_time, id);

-- The start of a job never changes; here it gives the jobs of a host in the order of lists.
CREATE TABLE job_node (
    job_id     BIGINT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    hostname   TEXT COLLATE "C" NOT NULL,
    start_time BIGINT NOT NULL,
    PRIMARY KEY (job_id, hostname)
);

CREATE INDEX job_node_by_host ON job_node (hostname, start_time, job_id);

CREATE TABLE tag (
    id        BIGINT PRIMARY KEY NOT NULL,
    tag_type  TEXT COLLATE "C" NOT NULL,
    tag_name  TEXT COLLATE "C" NOT NULL,
    tag_scope TEXT COLLATE "C" NOT NULL DEFAULT 'global' CHECK (tag_scope <> ''),
    insert_ts TEXT COLLATE "C" NOT NULL DEFAULT to_char(now() AT TIME ZONE 'utc', 'YYYY-MM-DD HH24:MI:SS'),
    UNIQUE (tag_type, tag_name, tag_scope)
);

-- Likewise, the jobs of a tag.
CREATE TABLE jobtag (
    job_id     BIGINT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    tag_id     BIGINT NOT NULL REFERENCES tag (id) ON DELETE CASCADE,
    start_time BIGINT NOT NULL,
    insert_ts  TEXT COLLATE "C" NOT NULL DEFAULT to_char(now() AT TIME ZONE 'utc', 'YYYY-MM-DD HH24:MI:SS'),
    PRIMARY KEY (job_id, tag_id)
);

CREATE INDEX jobtag_by_tag ON jobtag (tag_id, start_time, job_id);

-- One row. The number grows with every write transaction, so that what was derived can be dropped.
CREATE TABLE store_state (
    id            BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
    change_number BIGINT NOT NULL,
    tag_number    BIGINT NOT NULL DEFAULT 1,
    last_job_id   BIGINT NOT NULL DEFAULT 0,
    last_id       BIGINT NOT NULL DEFAULT 0
);

INSERT INTO store_state (id, change_number) VALUES (1, 1);

CREATE TABLE hpc_user (
    username TEXT COLLATE "C" PRIMARY KEY NOT NULL CHECK (username <> ''),
    password TEXT COLLATE "C",
    ldap     SMALLINT NOT NULL DEFAULT 0, -- where the account comes from: 0 local, 1 LDAP, 2 token, 3 OpenID Connect
    name     TEXT COLLATE "C",
    roles    TEXT COLLATE "C" NOT NULL DEFAULT '[]',
    email    TEXT COLLATE "C",
    projects TEXT COLLATE "C" NOT NULL DEFAULT '[]'
);


-- How many jobs a cluster has in each state: the totals of the usual lists, without counting.
CREATE TABLE job_total (
    cluster   TEXT COLLATE "C" NOT NULL,
    job_state TEXT COLLATE "C" NOT NULL,
    jobs      BIGINT NOT NULL,
    PRIMARY KEY (cluster, job_state)
);


-- What the archive has to be told. It outlives the job: files are removed after the row.
CREATE TABLE archive_task (
    id         BIGINT PRIMARY KEY NOT NULL,
    task_kind  TEXT COLLATE "C" NOT NULL CHECK (task_kind IN ('update', 'remove')),
    job_db_id  BIGINT NOT NULL,
    cluster    TEXT COLLATE "C" NOT NULL,
    job_id     BIGINT NOT NULL,
    start_time BIGINT NOT NULL,
    version    BIGINT NOT NULL DEFAULT 1,
    attempts   BIGINT NOT NULL DEFAULT 0,
    problem    TEXT COLLATE "C" NOT NULL DEFAULT '',
    UNIQUE (task_kind, job_db_id)
);

CREATE INDEX archive_task_by_attempts ON archive_task (attempts, id);

-- Who changed what. Rows are only ever added.
CREATE TABLE audit_entry (
    id           BIGINT PRIMARY KEY NOT NULL,
    time_stamp   BIGINT NOT NULL,
    username     TEXT COLLATE "C" NOT NULL,
    address      TEXT COLLATE "C" NOT NULL,
    request_id   TEXT COLLATE "C" NOT NULL,
    action       TEXT COLLATE "C" NOT NULL,
    object       TEXT COLLATE "C" NOT NULL,
    outcome      TEXT COLLATE "C" NOT NULL,
    detail       TEXT COLLATE "C" NOT NULL
);

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'entries of the audit log stay as they are'; END $$;
CREATE TRIGGER audit_entry_stays BEFORE DELETE OR UPDATE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_log_stays BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- The nodes with their current state, and the history.
CREATE TABLE node (
    id               BIGINT PRIMARY KEY NOT NULL,
    cluster          TEXT COLLATE "C" NOT NULL,
    hostname         TEXT COLLATE "C" NOT NULL,
    subcluster       TEXT COLLATE "C" NOT NULL,
    time_stamp       BIGINT NOT NULL,
    node_state       TEXT COLLATE "C" NOT NULL CHECK (node_state IN ('allocated', 'reserved', 'idle', 'mixed', 'down', 'unknown')),
    cpus_allocated   BIGINT NOT NULL DEFAULT 0,
    memory_allocated BIGINT NOT NULL DEFAULT 0,
    gpus_allocated   BIGINT NOT NULL DEFAULT 0,
    jobs_running     BIGINT NOT NULL DEFAULT 0,
    health_state     TEXT COLLATE "C" CHECK (health_state IN ('full', 'partial', 'failed')),
    health_metrics   TEXT COLLATE "C",
    UNIQUE (cluster, hostname)
);

CREATE TABLE node_report (
    id               BIGINT PRIMARY KEY NOT NULL,
    node_id          BIGINT NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    time_stamp       BIGINT NOT NULL,
    node_state       TEXT COLLATE "C" NOT NULL CHECK (node_state IN ('allocated', 'reserved', 'idle', 'mixed', 'down', 'unknown')),
    cpus_allocated   BIGINT NOT NULL DEFAULT 0,
    memory_allocated BIGINT NOT NULL DEFAULT 0,
    gpus_allocated   BIGINT NOT NULL DEFAULT 0,
    jobs_running     BIGINT NOT NULL DEFAULT 0,
    health_state     TEXT COLLATE "C" CHECK (health_state IN ('full', 'partial', 'failed')),
    health_metrics   TEXT COLLATE "C"
);

CREATE INDEX node_report_by_node ON node_report (node_id, time_stamp);
CREATE INDEX node_report_by_time ON node_report (time_stamp);

-- Starts and stops that a rule refused, kept until its cause is mended.
CREATE TABLE refused_request (
    id         BIGINT PRIMARY KEY NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL CHECK (kind IN ('start_job', 'stop_job')),
    cluster    TEXT COLLATE "C" NOT NULL DEFAULT '',      -- empty: a stop that names none
    job_id     BIGINT NOT NULL,
    start_time BIGINT NOT NULL DEFAULT 0,     -- 0: a stop that names none
    event_time BIGINT NOT NULL,
    received   BIGINT NOT NULL,
    username   TEXT COLLATE "C" NOT NULL,
    reason     TEXT COLLATE "C" NOT NULL,
    body       TEXT COLLATE "C" NOT NULL,
    UNIQUE (job_id, cluster, kind, event_time)
);

CREATE TABLE task_run (
    name        TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    started     BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    result      TEXT COLLATE "C" NOT NULL,
    error       TEXT COLLATE "C"
);

-- Settings of users, as JSON.
CREATE TABLE configuration (
    username TEXT COLLATE "C" NOT NULL REFERENCES hpc_user (username) ON DELETE CASCADE,
    confkey  TEXT COLLATE "C" NOT NULL,
    value    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (username, confkey)
);
