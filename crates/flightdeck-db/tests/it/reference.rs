//! A database file of the reference is taken over completely, and not touched.

use crate::copying::query;
use crate::server::Server;
use crate::store::{Maker, TestStore};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use flightdeck_db::{DbError, ReferenceReport, import_reference};
use flightdeck_model::{
    ArchivingQueue, AuthSource, JobRecord, JobRepository, JobSelection, JobState, NodeRepository, Page, Role,
    Roles, UnixTime, User, UserRepository,
};
use flightdeck_testkit::{archived_job, every_job};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference-job.db")
}

fn expected() -> Value {
    serde_json::from_str(include_str!("../fixtures/reference-expected.json")).unwrap()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap()
}

/// A copy of the file that may be written, changed by some statements.
fn changed(statements: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("job.db");
    fs::write(&path, fs::read(fixture()).unwrap()).unwrap();
    connect(&path).batch_execute(statements).unwrap();
    (folder, path)
}

fn connect(path: &Path) -> SqliteConnection {
    SqliteConnection::establish(path.to_str().unwrap()).unwrap()
}

fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.path(), fs::read(entry.path()).unwrap())).collect()
}

fn all_jobs(store: &TestStore, username: &str) -> Vec<JobRecord> {
    let mut selection: JobSelection = every_job();
    selection.tags.username = username.to_owned();
    store.database.list_jobs(&selection, Page { offset: 0, limit: 1000 }, true).unwrap().jobs
}

#[derive(QueryableByName)]
struct ThreeTexts {
    #[diesel(sql_type = Text)]
    first: String,
    #[diesel(sql_type = Text)]
    second: String,
    #[diesel(sql_type = Nullable<Text>)]
    third: Option<String>,
}

fn texts(store: &TestStore, statement: &str) -> Vec<(String, String, Option<String>)> {
    let rows: Vec<ThreeTexts> = query(&store.place, statement);
    rows.into_iter().map(|row| (row.first, row.second, row.third)).collect()
}

fn assert_users(store: &TestStore, expected: &[Value]) {
    let users = store.database.list_users().unwrap();
    assert_eq!(users.len(), expected.len());
    let hashes = texts(store, "SELECT username AS first, '' AS second, password AS third FROM hpc_user");
    for wanted in expected {
        let username = wanted["username"].as_str().unwrap();
        let user = users.iter().find(|user| user.username == username).unwrap();
        assert_eq!(user.name, wanted["name"].as_str().unwrap_or_default(), "{username}");
        assert_eq!(user.email, wanted["email"].as_str().unwrap_or_default(), "{username}");
        assert_eq!(json!(user.auth_source.code()), wanted["authSource"], "{username}");
        let roles = wanted["roles"].as_array().into_iter().flatten();
        assert_eq!(user.roles, Roles::from_names(roles.map(|role| role.as_str().unwrap())), "{username}");
        let projects = list(wanted, "projects").iter().filter(|project| **project != "");
        assert_eq!(user.projects, projects.map(|name| name.as_str().unwrap()).collect::<Vec<_>>());
        let (.., hash) = hashes.iter().find(|(name, ..)| name == username).unwrap();
        assert_eq!(hash.as_deref(), wanted["hash"].as_str(), "{username}");
    }
    let odd = users.iter().find(|user| user.username == "odd").unwrap();
    assert!(Role::ALL.into_iter().all(|role| !odd.roles.has(role)), "an unknown role gives no right");
}

fn assert_settings(store: &TestStore, expected: &[Value]) {
    let settings =
        texts(store, "SELECT username AS first, confkey AS second, value AS third FROM configuration");
    assert_eq!(settings.len(), expected.len());
    for (username, key, value) in settings {
        let decoded: Value = serde_json::from_str(&value.unwrap()).unwrap();
        let wanted = json!({"username": username, "key": key, "value": decoded});
        assert!(expected.contains(&wanted), "{wanted}");
    }
}

fn assert_tags(store: &TestStore, expected: &[Value]) {
    let tags =
        texts(store, "SELECT tag_type AS first, tag_name AS second, tag_scope AS third FROM tag ORDER BY id");
    let found: BTreeSet<_> = tags.iter().map(|tag| json!([tag.0, tag.1, tag.2]).to_string()).collect();
    let wanted: BTreeSet<_> =
        expected.iter().map(|tag| json!([tag["type"], tag["name"], tag["scope"]]).to_string()).collect();
    assert_eq!(found, wanted);
}

/// Compares numbers by their value: the file has `0` where a float is meant.
fn numbers(value: &Value) -> BTreeMap<String, f64> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, number)| (key.clone(), number.as_f64().unwrap()))
        .collect()
}

fn decoded(fragment: Option<&serde_json::value::RawValue>) -> Value {
    fragment.map_or(Value::Null, |json| serde_json::from_str(json.get()).unwrap())
}

fn assert_job(job: &JobRecord, wanted: &Value, now: i64) {
    let key = &job.key;
    assert_eq!(
        json!([key.cluster, job.subcluster, job.user, job.project, job.partition, job.array_job_id]),
        json!([
            wanted["cluster"],
            wanted["subCluster"],
            wanted["user"],
            wanted["project"],
            wanted["partition"],
            wanted["arrayJobId"]
        ]),
    );
    assert_eq!(
        json!([job.walltime_s, job.num_nodes, job.num_hwthreads, job.num_acc, job.smt, job.shared.as_str()]),
        json!([
            wanted["walltime"],
            wanted["numNodes"],
            wanted["numHwthreads"],
            wanted["numAcc"],
            wanted["smt"],
            wanted["shared"]
        ]),
        "{key}"
    );
    assert_eq!(json!(job.state.as_str()), wanted["state"], "{key}");
    assert_eq!(json!(job.monitoring_status.code()), wanted["monitoringStatus"], "{key}");
    let duration_s = wanted["duration"].as_i64().unwrap_or(now - key.start_time.0);
    assert_eq!(job.duration_s, duration_s, "{key}");
    assert_eq!(json!(job.energy_kwh), wanted["energy"], "{key}");
    let fragments = &job.fragments;
    assert_eq!(decoded(Some(&fragments.resources)), wanted["resources"], "{key}");
    assert_eq!(decoded(fragments.meta_data.as_deref()), wanted["metaData"], "{key}");
    assert_eq!(numbers(&decoded(fragments.footprint.as_deref())), numbers(&wanted["footprint"]), "{key}");
    let energy = decoded(fragments.energy_footprint.as_deref());
    assert_eq!(numbers(&energy), numbers(&wanted["energyFootprint"]), "{key}");
    assert!(fragments.statistics.is_none(), "{key}");
}

fn assert_jobs(store: &TestStore, expected: &[Value]) {
    let now = every_job().now.0;
    let as_root = all_jobs(store, "root");
    let as_owner = all_jobs(store, "user007");
    assert_eq!(as_root.len(), expected.len());
    for wanted in expected {
        let is_it = |job: &&JobRecord| {
            json!([job.key.cluster, job.key.job_id, job.key.start_time])
                == json!([wanted["cluster"], wanted["jobId"], wanted["startTime"]])
        };
        let job = as_root.iter().find(is_it).unwrap();
        assert_job(job, wanted, now);
        let seen = job.tags.iter().chain(&as_owner.iter().find(is_it).unwrap().tags);
        let tags: BTreeSet<_> = seen
            .map(|tag| json!({"type": tag.tag_type, "name": tag.name, "scope": tag.scope}).to_string())
            .collect();
        let wanted_tags: BTreeSet<_> = list(wanted, "tags")
            .iter()
            .map(|tag| json!({"type": tag["type"], "name": tag["name"], "scope": tag["scope"]}).to_string())
            .collect();
        assert_eq!(tags, wanted_tags, "{}", job.key);
    }
    let is_running = |job: &&Value| job["state"] == "running";
    let running = expected.iter().filter(is_running).count();
    let mut of_state = every_job();
    of_state.filter.states = vec![JobState::Running];
    assert_eq!(store.database.count_jobs(&of_state).unwrap(), running as u64, "kept totals are right");
    let mut of_host = every_job();
    of_host.filter.node = Some("c12".to_owned());
    let has_host = |job: &&Value| list(job, "resources").iter().any(|node| node["hostname"] == "c12");
    let with_host = expected.iter().filter(has_host).count();
    assert_eq!(store.database.count_jobs(&of_host).unwrap(), with_host as u64, "hosts lead to jobs");
}

/// What had ended and was not archived yet is archived here.
fn assert_queue(store: &TestStore, expected: &[Value]) {
    let queued = store.database.jobs_to_archive(UnixTime(0), 1000).unwrap();
    let ids: Vec<_> = queued.iter().map(|entry| entry.id).collect();
    let jobs = store.database.jobs_with_ids(&every_job(), &ids, false).unwrap();
    let found: BTreeSet<String> = jobs.iter().map(|job| job.key.to_string()).collect();
    let is_waiting = |job: &&Value| job["state"] != "running" && job["monitoringStatus"] == 1;
    let key =
        |job: &Value| format!("{}/{}/{}", job["cluster"].as_str().unwrap(), job["jobId"], job["startTime"]);
    let wanted: BTreeSet<String> = expected.iter().filter(is_waiting).map(key).collect();
    assert!(!wanted.is_empty());
    assert_eq!(found, wanted);
    assert_eq!(store.database.check().unwrap(), Vec::<String>::new());
}

fn assert_nodes(store: &TestStore, expected: &[Value]) {
    let current = store.database.current_nodes(None).unwrap();
    assert_eq!(current.len(), expected.len());
    let health = texts(
        store,
        "SELECT hostname AS first, coalesce(health_state, '') AS second, health_metrics AS third FROM node",
    );
    for wanted in expected {
        let (cluster, host) = (wanted["cluster"].as_str().unwrap(), wanted["hostname"].as_str().unwrap());
        let history = store.database.node_history(cluster, host, 1000).unwrap();
        let states: Vec<_> = history.iter().rev().map(|status| status.report.state.as_str()).collect();
        assert_eq!(json!(states), wanted["states"], "{host}");
        let latest = current.iter().find(|node| node.report.hostname == host).unwrap();
        assert_eq!(Some(latest), history.first());
        assert_eq!(json!(latest.report.subcluster), wanted["subCluster"], "{host}");
        let (_, state, metrics) = health.iter().find(|(name, ..)| name == host).unwrap();
        let mut metrics: Value =
            metrics.as_ref().map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
        let lists = metrics.as_object_mut().into_iter().flat_map(|lists| lists.values_mut());
        lists.for_each(|list| list.as_array_mut().unwrap().sort_by_key(ToString::to_string));
        let report = &latest.report;
        let found = json!({
            "state": report.state, "cpusAllocated": report.cpus_allocated,
            "memoryAllocated": report.memory_allocated_mb, "gpusAllocated": report.gpus_allocated,
            "jobsRunning": report.jobs_running, "time": latest.time, "health": state, "healthMetrics": metrics,
        });
        assert_eq!(found, wanted["latest"], "{host}");
    }
}

/// Checks all that the fixture is known to hold.
fn everything_is_found(make: Maker<'_>) {
    let (store, expected) = (make(), expected());
    let report = import_reference(&fixture(), &store.database).unwrap();
    assert_eq!(
        report,
        ReferenceReport {
            users: 13,
            settings: 7,
            tags: 9,
            jobs: 31,
            running_jobs: 8,
            nodes: 8,
            node_states: 16,
            ..ReferenceReport::default()
        }
    );
    assert_users(&store, list(&expected, "users"));
    assert_settings(&store, list(&expected, "configuration"));
    assert_tags(&store, list(&expected, "tags"));
    assert_jobs(&store, list(&expected, "jobs"));
    assert_nodes(&store, list(&expected, "nodes"));
    assert_queue(&store, list(&expected, "jobs"));
    let again = import_reference(&fixture(), &store.database).unwrap();
    assert_eq!(again, ReferenceReport { users_kept: 13, jobs_kept: 31, ..ReferenceReport::default() });
    assert_jobs(&store, list(&expected, "jobs"));
    assert_nodes(&store, list(&expected, "nodes"));
    assert_queue(&store, list(&expected, "jobs"));
}

#[test]
fn everything_is_found_and_a_second_time_changes_nothing() {
    everything_is_found(&TestStore::new);
}

#[test]
fn everything_is_found_on_a_server() {
    let Some(server) = Server::of_environment() else { return };
    everything_is_found(&|| TestStore::on(&server));
}

#[test]
fn the_file_and_its_folder_stay_as_they_are() {
    let (folder, path) = changed("");
    let link = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(&path, link.path().join("linked.db")).unwrap();
    let before = content(folder.path());
    import_reference(&path, &TestStore::new().database).unwrap();
    import_reference(&link.path().join("linked.db"), &TestStore::new().database).unwrap();
    assert_eq!(content(folder.path()), before);
    assert_eq!(content(link.path()).len(), 1);
}

#[test]
fn rows_that_are_only_in_the_log_are_found() {
    let (folder, path) = changed("");
    let mut writer = connect(&path);
    writer
        .batch_execute(
            "PRAGMA wal_autocheckpoint = 0;
             INSERT INTO hpc_user (username, roles) VALUES ('late', '[\"user\"]');
             UPDATE job SET job_state = 'cancelled' WHERE job_id = 9001;",
        )
        .unwrap();
    let before = content(folder.path());
    assert!(before.keys().any(|name| name.to_str().unwrap().ends_with("-wal")), "{:?}", before.keys());
    let link = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(&path, link.path().join("linked.db")).unwrap();
    for name in [path.clone(), link.path().join("linked.db")] {
        let store = TestStore::new();
        let report = import_reference(&name, &store.database).unwrap();
        assert_eq!((report.users, report.running_jobs), (14, 7));
        assert!(store.database.find_user("late").unwrap().is_some());
    }
    assert_eq!(content(folder.path()), before);
}

fn refusal(path: &Path) -> DbError {
    let store = TestStore::new();
    let error = import_reference(path, &store.database).unwrap_err();
    assert!(store.database.list_users().unwrap().is_empty(), "nothing is taken over");
    error
}

#[test]
fn other_versions_are_refused_by_name() {
    let (_folder, path) = changed("UPDATE schema_migrations SET version = 10");
    let error = refusal(&path);
    assert!(matches!(&error, DbError::ReferenceVersion { version, .. } if version == "10"), "{error:?}");
    assert!(error.to_string().contains("version 10"), "{error}");
    let (_folder, path) = changed("UPDATE schema_migrations SET dirty = 1");
    let error = refusal(&path);
    assert!(matches!(error, DbError::ReferenceDirty { .. }), "{error:?}");
}

#[test]
fn other_files_are_refused() {
    let store = TestStore::new();
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(&text, "a note").unwrap();
    let (_folder, emptied) = changed("DROP TABLE schema_migrations");
    for path in [store.path(), text, emptied] {
        let error = refusal(&path);
        assert!(matches!(error, DbError::NotReference { .. }), "{error:?}");
    }
    let error = refusal(&folder.path().join("missing.db"));
    assert!(matches!(error, DbError::Unreadable { .. }), "{error:?}");
}

#[test]
fn a_damaged_row_is_told_of_and_costs_no_other() {
    let (_folder, path) = changed(
        r#"PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;
           UPDATE job SET resources = '[{"hostname":""}]' WHERE id = 1;
           UPDATE job SET resources = '[{"hostname":"a"},' WHERE id = 2;
           UPDATE job SET job_state = 'exploded' WHERE id = 3;
           UPDATE job SET num_nodes = 'many' WHERE id = 4;
           UPDATE job SET meta_data = CAST(x'7B226A6F624E616D65223A22FF227D' AS TEXT) WHERE id = 5;
           UPDATE job SET hpc_user = '' WHERE id = 6;
           UPDATE job SET start_time = start_time * 1000 WHERE id = 7;
           UPDATE job SET cluster = '../etc' WHERE id = 8;
           UPDATE job SET energy = 'much' WHERE id = 9;
           UPDATE job SET energy = 9e999 WHERE id = 10;
           UPDATE job SET footprint = '{"cpu_load_avg":"high"}' WHERE id = 11;
           UPDATE job SET cluster_partition = 'a' || char(0) || 'b' WHERE id = 12;
           UPDATE hpc_user SET roles = '[user' WHERE username = 'sue';
           UPDATE hpc_user SET ldap = 9 WHERE username = 'boss';
           UPDATE configuration SET value = '{' WHERE confkey = 'free_text';
           UPDATE configuration SET username = 'nobody' WHERE confkey = 'jobList_showFootprint';
           UPDATE tag SET tag_name = '' WHERE id = 9;
           UPDATE node_state SET node_state = 'melted' WHERE id = 5;
           UPDATE node_state SET node_id = 99 WHERE id = 6;"#,
    );
    let store = TestStore::new();
    let report = import_reference(&path, &store.database).unwrap();
    let mut named: Vec<_> =
        report.problems.iter().map(|problem| problem.split([':', '"']).next().unwrap()).collect();
    named.sort_unstable();
    let jobs = ["1", "10", "11", "12", "2", "3", "4", "5", "6", "7", "8", "9"];
    let mut wanted = vec![
        "table configuration, row mona, jobList_showFootprint".replace("mona", "nobody"),
        "table configuration, row root, free_text".to_owned(),
        "table hpc_user, row boss".to_owned(),
        "table hpc_user, row sue".to_owned(),
        "table node_state, row 5".to_owned(),
        "table node_state, row 6".to_owned(),
        "table tag, row 9".to_owned(),
    ];
    wanted.extend(jobs.map(|id| format!("table job, row {id}")));
    wanted.sort_unstable();
    assert_eq!(named, wanted, "{:#?}", report.problems);
    assert_eq!((report.jobs, report.users, report.settings, report.tags), (19, 11, 5, 8));
    assert_eq!((report.nodes, report.node_states), (6, 14));
    assert!(report.problems.iter().any(|problem| problem == "table job, row 6: hpc_user must not be empty"));
}

/// What SQLite lets stand in any column.
const ODD_VALUES: [&str; 22] = [
    "NULL",
    "''",
    "' '",
    "'null'",
    "'[]'",
    "'[null]'",
    "'{}'",
    "'[{\"hostname\":\"a\\u0000b\"}]'",
    "'{\"a\":\"\\u0000\"}'",
    "'{\"\\u0000\":1e400}'",
    "'{\"a\":\"\\ud800\"}'",
    "'a''b\"c%_\\'",
    "'a' || char(0)",
    "'a' || char(10) || 'b'",
    "CAST(x'FFFE' AS TEXT)",
    "x'00FF'",
    "zeroblob(70000)",
    "hex(zeroblob(20000))",
    "-1",
    "9223372036854775807",
    "4294967296.5",
    "-9e999",
];

/// The tables, and what makes a copy of a row another row.
const KEYS: [(&str, &str); 7] = [
    ("job", "id = NULL, job_id = 1000 + "),
    ("job_cache", "id = NULL, job_id = 1000 + "),
    ("hpc_user", "username = 'u' || "),
    ("configuration", "confkey = 'k' || "),
    ("tag", "id = NULL, tag_name = 't' || "),
    ("node", "id = NULL, hostname = 'h' || "),
    ("node_state", "id = NULL, time_stamp = 1000 + "),
];

/// A file in which every column of every table has every odd value in some row that is like others otherwise.
fn with_odd_values() -> (TempDir, PathBuf) {
    let (folder, path) = changed("");
    let mut connection = connect(&path);
    connection
        .batch_execute("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF; BEGIN")
        .unwrap();
    for (table, key) in KEYS {
        let columns = format!(
            "SELECT name AS first, '' AS second, NULL AS third FROM pragma_table_info('{table}')
             WHERE name <> 'id'"
        );
        let columns: Vec<ThreeTexts> = diesel::sql_query(columns).load(&mut connection).unwrap();
        let pairs = columns.iter().flat_map(|column| ODD_VALUES.map(|value| (&column.first, value)));
        for (number, (column, value)) in pairs.enumerate() {
            let add = format!(
                "CREATE TEMP TABLE one AS SELECT * FROM {table} ORDER BY rowid LIMIT 1;
                 UPDATE one SET {key} {number};
                 UPDATE one SET {column} = {value};
                 INSERT OR IGNORE INTO {table} SELECT * FROM one;
                 DROP TABLE one"
            );
            connection.batch_execute(&add).unwrap();
        }
    }
    connection.batch_execute("COMMIT").unwrap();
    (folder, path)
}

fn odd_values_cost_their_rows_alone(make: Maker<'_>) {
    let (_folder, path) = with_odd_values();
    let rows = |table: &str| {
        let count =
            format!("SELECT CAST(count(*) AS TEXT) AS first, '' AS second, NULL AS third FROM {table}");
        let counted: Vec<ThreeTexts> = diesel::sql_query(count).load(&mut connect(&path)).unwrap();
        counted[0].first.parse::<u64>().unwrap()
    };
    assert!(rows("job") > 300 && rows("hpc_user") > 100, "there is something to see");
    let store = make();
    let report = import_reference(&path, &store.database).unwrap();
    let left_out = |table: &str| {
        let start = format!("table {table},");
        report.problems.iter().filter(|problem| problem.starts_with(&start)).count() as u64
    };
    let jobs_left_out = left_out("job") + left_out("job_cache");
    assert_eq!(report.jobs + jobs_left_out, rows("job") + rows("job_cache"));
    assert_eq!(report.users + left_out("hpc_user"), rows("hpc_user"));
    assert_eq!(report.settings + left_out("configuration"), rows("configuration"));
    assert_eq!(report.tags + left_out("tag"), rows("tag"));
    assert_eq!(report.node_states + left_out("node_state"), rows("node_state"));
    assert!(report.problems.iter().all(|problem| !problem.contains('\n')), "{:#?}", report.problems);
    assert_eq!(all_jobs(&store, "root").len() as u64, report.jobs, "all can be read");
    assert_eq!(store.database.list_users().unwrap().len() as u64, report.users);
    let again = import_reference(&path, &store.database).unwrap();
    let added = (again.users, again.settings, again.tags, again.jobs, again.nodes, again.node_states);
    assert_eq!(added, (0, 0, 0, 0, 0, 0));
}

#[test]
fn odd_values_of_any_column_cost_their_rows_alone() {
    odd_values_cost_their_rows_alone(&TestStore::new);
}

#[test]
fn odd_values_cost_their_rows_alone_on_a_server() {
    let Some(server) = Server::of_environment() else { return };
    odd_values_cost_their_rows_alone(&|| TestStore::on(&server));
}

#[test]
fn what_is_there_already_stays_as_it_is() {
    let store = TestStore::new();
    let root = User {
        username: "root".to_owned(),
        name: "our own".to_owned(),
        email: String::new(),
        roles: Roles::of(&[Role::Support]),
        projects: Vec::new(),
        auth_source: AuthSource::Local,
    };
    store.database.add_user(&root, Some("our hash")).unwrap();
    let own = archived_job(9005).cluster("cirrus").start(1_795_448_487).user("own").build();
    let other = archived_job(1).tag("campaign", "spring", "global").build();
    store.database.import_jobs(&[own, other]).unwrap();
    let report = import_reference(&fixture(), &store.database).unwrap();
    assert_eq!((report.users, report.users_kept), (12, 1));
    assert_eq!((report.jobs, report.jobs_kept, report.tags), (30, 1, 8));
    assert_eq!(store.database.find_user("root").unwrap(), Some(root));
    let jobs = all_jobs(&store, "root");
    let kept = jobs.iter().find(|job| job.key.job_id == 9005).unwrap();
    assert_eq!((kept.user.as_str(), kept.tags.len()), ("own", 0));
    let tagged: Vec<_> = jobs.iter().filter(|job| job.tags.iter().any(|tag| tag.name == "spring")).collect();
    assert_eq!(tagged.len(), 2, "the same tag is used");
}

#[test]
fn a_job_in_both_tables_of_the_reference_is_that_of_the_first() {
    let (_folder, path) = changed(
        "INSERT INTO job_cache (job_id, cluster, subcluster, start_time, hpc_user, project, duration, walltime,
                                job_state, resources, num_nodes, shared)
         SELECT job_id, cluster, subcluster, start_time, 'cached', project, duration, walltime,
                job_state, resources, num_nodes, shared FROM job WHERE job_id = 9001",
    );
    let store = TestStore::new();
    let report = import_reference(&path, &store.database).unwrap();
    assert_eq!((report.jobs, report.jobs_kept), (31, 0));
    assert!(all_jobs(&store, "root").iter().all(|job| job.user != "cached"));
}

#[test]
fn an_import_of_the_archive_completes_the_jobs() {
    let store = TestStore::new();
    import_reference(&fixture(), &store.database).unwrap();
    let before = all_jobs(&store, "root");
    let before = before.iter().find(|job| job.key.job_id == 9005).unwrap();
    let archived = archived_job(9005).cluster("cirrus").start(1_795_448_487).build();
    let counts = store.database.import_jobs(std::slice::from_ref(&archived)).unwrap();
    assert_eq!((counts.added, counts.updated), (0, 1));
    let jobs = all_jobs(&store, "root");
    let after = jobs.iter().find(|job| job.key.job_id == 9005).unwrap();
    assert_eq!((after.id, &after.tags), (before.id, &before.tags));
    assert!(after.fragments.statistics.is_some());
    assert_eq!(jobs.len(), 31);
}
