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
    }
}

diesel::table! {
    job_node (job_id, hostname) {
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

diesel::joinable!(job_node -> job (job_id));
diesel::allow_tables_to_appear_in_same_query!(job, job_node, tag, jobtag, store_state);
