//! The tables as diesel's query builder sees them; a test compares this with the migrated database.

diesel::table! {
    job (id) {
        id -> BigInt,
        job_id -> BigInt,
        cluster -> Text,
        subcluster -> Text,
        submit_time -> BigInt,
        start_time -> BigInt,
        hpc_user -> Text,
        project -> Text,
        cluster_partition -> Text,
        array_job_id -> BigInt,
        duration -> BigInt,
        walltime -> BigInt,
        requested_memory -> BigInt,
        job_state -> Text,
        num_nodes -> BigInt,
        num_hwthreads -> Integer,
        num_acc -> Integer,
        smt -> Integer,
        shared -> Text,
        monitoring_status -> SmallInt,
        energy -> Double,
        archive_fingerprint -> Nullable<BigInt>,
        footprint -> Nullable<Text>,
        energy_footprint -> Nullable<Text>,
        resources -> Text,
        statistics -> Nullable<Text>,
        meta_data -> Nullable<Text>,
        missing -> Nullable<Text>,
    }
}

diesel::table! {
    job_node (hostname, start_time, job_id) {
        job_id -> BigInt,
        hostname -> Text,
        start_time -> BigInt,
    }
}

diesel::table! {
    tag (id) {
        id -> BigInt,
        tag_type -> Text,
        tag_name -> Text,
        tag_scope -> Text,
        insert_ts -> Text,
    }
}

diesel::table! {
    jobtag (job_id, tag_id) {
        job_id -> BigInt,
        tag_id -> BigInt,
        start_time -> BigInt,
        insert_ts -> Text,
    }
}

diesel::table! {
    store_state (id) {
        id -> BigInt,
        change_number -> BigInt,
        tag_number -> BigInt,
        last_job_id -> BigInt,
        last_id -> BigInt,
    }
}

diesel::table! {
    job_total (cluster, job_state) {
        cluster -> Text,
        job_state -> Text,
        jobs -> BigInt,
    }
}

diesel::table! {
    archive_task (id) {
        id -> BigInt,
        task_kind -> Text,
        job_db_id -> BigInt,
        cluster -> Text,
        job_id -> BigInt,
        start_time -> BigInt,
        version -> BigInt,
        attempts -> BigInt,
        problem -> Text,
    }
}

diesel::table! {
    archiving (job_id) {
        job_id -> BigInt,
        attempts -> BigInt,
        due -> BigInt,
        problem -> Text,
    }
}

diesel::table! {
    audit_entry (id) {
        id -> BigInt,
        time_stamp -> BigInt,
        username -> Text,
        address -> Text,
        request_id -> Text,
        action -> Text,
        object -> Text,
        outcome -> Text,
        detail -> Text,
    }
}

diesel::table! {
    node (id) {
        id -> BigInt,
        cluster -> Text,
        hostname -> Text,
        subcluster -> Text,
        time_stamp -> BigInt,
        node_state -> Text,
        cpus_allocated -> BigInt,
        memory_allocated -> BigInt,
        gpus_allocated -> BigInt,
        jobs_running -> BigInt,
        health_state -> Nullable<Text>,
        health_metrics -> Nullable<Text>,
    }
}

diesel::table! {
    node_report (id) {
        id -> BigInt,
        node_id -> BigInt,
        time_stamp -> BigInt,
        node_state -> Text,
        cpus_allocated -> BigInt,
        memory_allocated -> BigInt,
        gpus_allocated -> BigInt,
        jobs_running -> BigInt,
        health_state -> Nullable<Text>,
        health_metrics -> Nullable<Text>,
    }
}

diesel::table! {
    refused_request (id) {
        id -> BigInt,
        kind -> Text,
        cluster -> Text,
        job_id -> BigInt,
        start_time -> BigInt,
        event_time -> BigInt,
        received -> BigInt,
        username -> Text,
        reason -> Text,
        body -> Text,
        body_kib -> Integer,
    }
}

diesel::table! {
    task_run (name) {
        name -> Text,
        started -> BigInt,
        duration_ms -> BigInt,
        result -> Text,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    configuration (username, confkey) {
        username -> Text,
        confkey -> Text,
        value -> Text,
    }
}

diesel::table! {
    hpc_user (username) {
        username -> Text,
        password -> Nullable<Text>,
        ldap -> SmallInt,
        name -> Nullable<Text>,
        roles -> Text,
        email -> Nullable<Text>,
        projects -> Text,
    }
}

diesel::joinable!(node_report -> node (node_id));
diesel::allow_tables_to_appear_in_same_query!(
    job,
    job_node,
    tag,
    jobtag,
    store_state,
    archive_task,
    archiving,
    refused_request,
);
diesel::allow_tables_to_appear_in_same_query!(node, node_report);
