//! The reference's tables of version 11, as far as they are read. See [`values`](super::values) for the types.

use super::values::Cell;
use diesel::prelude::*;

diesel::table! {
    schema_migrations (version) {
        version -> Binary,
        dirty -> BigInt,
    }
}

diesel::table! {
    /// SQLite's own list of what is in a file.
    sqlite_schema (name) {
        /// What it is: table, index, …
        #[sql_name = "type"]
        type_ -> Text,
        /// What it is called.
        name -> Text,
    }
}

diesel::table! {
    hpc_user (username) {
        username -> Nullable<Binary>,
        password -> Nullable<Binary>,
        ldap -> Nullable<Binary>,
        name -> Nullable<Binary>,
        roles -> Nullable<Binary>,
        email -> Nullable<Binary>,
        projects -> Nullable<Binary>,
    }
}

diesel::table! {
    configuration (username, confkey) {
        username -> Nullable<Binary>,
        confkey -> Nullable<Binary>,
        value -> Nullable<Binary>,
    }
}

diesel::table! {
    tag (id) {
        id -> BigInt,
        tag_type -> Nullable<Binary>,
        tag_name -> Nullable<Binary>,
        tag_scope -> Nullable<Binary>,
    }
}

diesel::table! {
    jobtag (job_id, tag_id) {
        job_id -> BigInt,
        tag_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    node (id) {
        id -> BigInt,
        hostname -> Nullable<Binary>,
        cluster -> Nullable<Binary>,
        subcluster -> Nullable<Binary>,
    }
}

diesel::table! {
    node_state (id) {
        id -> BigInt,
        node_id -> Nullable<BigInt>,
        time_stamp -> Nullable<Binary>,
        #[sql_name = "node_state"]
        state -> Nullable<Binary>,
        cpus_allocated -> Nullable<Binary>,
        memory_allocated -> Nullable<Binary>,
        gpus_allocated -> Nullable<Binary>,
        jobs_running -> Nullable<Binary>,
        health_state -> Nullable<Binary>,
        health_metrics -> Nullable<Binary>,
    }
}

/// The two tables of jobs have the same columns.
macro_rules! job_table {
    ($table:ident) => {
        diesel::table! {
            $table (id) {
                id -> BigInt,
                job_id -> Nullable<Binary>,
                cluster -> Nullable<Binary>,
                subcluster -> Nullable<Binary>,
                submit_time -> Nullable<Binary>,
                start_time -> Nullable<Binary>,
                hpc_user -> Nullable<Binary>,
                project -> Nullable<Binary>,
                cluster_partition -> Nullable<Binary>,
                array_job_id -> Nullable<Binary>,
                duration -> Nullable<Binary>,
                walltime -> Nullable<Binary>,
                job_state -> Nullable<Binary>,
                meta_data -> Nullable<Binary>,
                resources -> Nullable<Binary>,
                num_nodes -> Nullable<Binary>,
                num_hwthreads -> Nullable<Binary>,
                num_acc -> Nullable<Binary>,
                smt -> Nullable<Binary>,
                shared -> Nullable<Binary>,
                monitoring_status -> Nullable<Binary>,
                energy -> Nullable<Double>,
                #[sql_name = "energy"]
                energy_text -> Nullable<Binary>,
                energy_footprint -> Nullable<Binary>,
                footprint -> Nullable<Binary>,
            }
        }
    };
}

job_table!(job);
job_table!(job_cache);

diesel::allow_tables_to_appear_in_same_query!(job, job_cache);

/// An account.
#[derive(Debug, Queryable)]
pub(super) struct ReferenceUser {
    pub(super) username: Cell,
    pub(super) password: Cell,
    pub(super) ldap: Cell,
    pub(super) name: Cell,
    pub(super) roles: Cell,
    pub(super) email: Cell,
    pub(super) projects: Cell,
}

/// A job of either table.
#[derive(Debug, Queryable)]
pub(super) struct ReferenceJob {
    pub(super) id: i64,
    pub(super) job_id: Cell,
    pub(super) cluster: Cell,
    pub(super) subcluster: Cell,
    pub(super) submit_time: Cell,
    pub(super) start_time: Cell,
    pub(super) hpc_user: Cell,
    pub(super) project: Cell,
    pub(super) cluster_partition: Cell,
    pub(super) array_job_id: Cell,
    pub(super) duration: Cell,
    pub(super) walltime: Cell,
    pub(super) job_state: Cell,
    pub(super) meta_data: Cell,
    pub(super) resources: Cell,
    pub(super) num_nodes: Cell,
    pub(super) num_hwthreads: Cell,
    pub(super) num_acc: Cell,
    pub(super) smt: Cell,
    pub(super) shared: Cell,
    pub(super) monitoring_status: Cell,
    pub(super) energy: Option<f64>,
    /// The same, as it stands there: a text would be read as 0.
    pub(super) energy_text: Cell,
    pub(super) energy_footprint: Cell,
    pub(super) footprint: Cell,
}

/// What a node was doing at a time.
#[derive(Debug, Queryable)]
pub(super) struct ReferenceNodeState {
    pub(super) id: i64,
    pub(super) node_id: Option<i64>,
    pub(super) time_stamp: Cell,
    pub(super) state: Cell,
    pub(super) cpus_allocated: Cell,
    pub(super) memory_allocated: Cell,
    pub(super) gpus_allocated: Cell,
    pub(super) jobs_running: Cell,
    pub(super) health_state: Cell,
    pub(super) health_metrics: Cell,
}
