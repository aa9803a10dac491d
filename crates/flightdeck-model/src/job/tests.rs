use rstest::rstest;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;

fn bare() -> Value {
    json!({"jobId": 7, "cluster": "alpha", "startTime": 1_700_000_000, "jobState": "completed"})
}

fn full() -> Value {
    json!({
        "jobId": 398_764, "cluster": "alpha", "subCluster": "main", "user": "mona", "project": "astro",
        "partition": "work", "arrayJobId": 11, "numNodes": 2, "numHwthreads": 144, "numAcc": 4, "shared": "single_user",
        "smt": 2, "walltime": 86_400, "requestedMemory": 128_000, "submitTime": 1_699_990_000,
        "startTime": 1_700_000_000, "duration": 7200, "jobState": "out_of_memory",
        "resources": [
            {"hostname": "a01", "hwthreads": [0, 1], "accelerators": ["0:19"], "configuration": "hbm"},
            {"hostname": "a02"}
        ],
        "metaData": {"jobName": "relax", "jobScript": "#!/bin/sh\n"},
        "tags": [{"id": 0, "type": "app", "name": "vasp", "scope": "global"}],
        "statistics": {"mem_used": {"unit": {"base": "B", "prefix": "G"}, "avg": 1.5, "min": 0.0, "max": 4.25}}
    })
}

/// The bare job with one key more or other.
fn with(key: &str, value: Value) -> Value {
    let mut meta = bare();
    meta[key] = value;
    meta
}

fn read(meta: Value) -> JobMeta {
    serde_json::from_value(meta).unwrap()
}

#[test]
fn reads_and_writes_a_job_with_everything() {
    let meta: JobMeta = serde_json::from_str(&full().to_string()).unwrap();
    assert_eq!(meta.resources[0].accelerators, ["0:19"]);
    assert_eq!(meta.statistics["mem_used"].unit.prefix.as_deref(), Some("G"));
    assert_eq!(meta.shared, Shared::SingleUser);
    assert_eq!(serde_json::to_value(&meta).unwrap(), full());
    assert_eq!(meta.key().to_string(), "alpha/398764/1700000000");
}

#[test]
fn a_job_with_the_least_has_its_nodes_for_itself() {
    let meta = read(bare());
    assert_eq!(meta.shared, Shared::None);
    assert_eq!((meta.sub_cluster.as_str(), meta.num_nodes, meta.duration), ("", 0, 0));
    assert!(meta.resources.is_empty() && meta.statistics.is_empty() && meta.meta_data.is_empty());
}

#[test]
fn zero_and_empty_keys_that_readers_take_for_unknown_are_not_written() {
    let written = serde_json::to_value(read(bare())).unwrap();
    for key in ["partition", "arrayJobId", "numHwthreads", "numAcc", "smt", "walltime", "submitTime", "tags"]
    {
        assert_eq!(written.get(key), None, "{key}");
    }
    for key in ["shared", "numNodes", "duration", "resources", "metaData", "statistics"] {
        assert!(written.get(key).is_some(), "{key}");
    }
}

#[rstest]
#[case("subCluster")]
#[case("user")]
#[case("project")]
#[case("partition")]
#[case("arrayJobId")]
#[case("numNodes")]
#[case("numHwthreads")]
#[case("numAcc")]
#[case("shared")]
#[case("smt")]
#[case("walltime")]
#[case("requestedMemory")]
#[case("submitTime")]
#[case("duration")]
#[case("resources")]
#[case("metaData")]
#[case("tags")]
#[case("statistics")]
#[case("footprint")]
#[case("energyFootprint")]
fn null_means_not_there(#[case] key: &str) {
    assert_eq!(read(with(key, Value::Null)), read(bare()));
}

#[rstest]
#[case::end_of_the_job("stopTime", json!(1_700_007_200))]
#[case::old_sharing("exclusive", json!(1))]
#[case::energy("energy", json!(12.5))]
#[case::footprint("footprint", json!({"load_avg": 1.0}))]
#[case::status("monitoringStatus", json!(1))]
#[case::number("id", json!(99))]
#[case::neighbours("concurrentJobs", json!({"items": null, "count": 0}))]
#[case::anything("x-site", json!([{"a": 1}]))]
fn legacy_derived_and_unknown_keys_are_passed_over(#[case] key: &str, #[case] value: Value) {
    assert_eq!(read(with(key, value)), read(bare()));
}

#[rstest]
#[case("jobId", json!("7"))]
#[case("cluster", json!(7))]
#[case("startTime", json!(1.5))]
#[case("jobState", json!("done"))]
#[case("jobState", Value::Null)]
#[case("shared", json!("both"))]
#[case("numNodes", json!("2"))]
#[case("duration", json!(4_294_967_296_i64))]
#[case("resources", json!({"hostname": "a01"}))]
#[case("resources", json!([{"hwthreads": [0]}]))]
#[case("resources", json!([{"hostname": "a01", "hwthreads": [-1]}]))]
#[case("metaData", json!({"jobName": 1}))]
#[case("tags", json!([{"name": "vasp"}]))]
#[case("statistics", json!([]))]
#[case("statistics", json!({"load": {"avg": "1"}}))]
#[case("statistics", json!({"load": "1"}))]
fn a_known_key_of_the_wrong_type_is_refused(#[case] key: &str, #[case] value: Value) {
    let text = with(key, value).to_string();
    assert!(serde_json::from_str::<JobMeta>(&text).is_err(), "{text}");
}

#[rstest]
#[case("jobId")]
#[case("cluster")]
#[case("startTime")]
#[case("jobState")]
fn a_job_without_its_identity_or_end_is_refused(#[case] key: &str) {
    let mut meta = bare();
    meta.as_object_mut().unwrap().remove(key);
    let refused = serde_json::from_value::<JobMeta>(meta).unwrap_err().to_string();
    assert_eq!(refused, format!("missing field `{key}`"));
}

#[test]
fn members_of_the_statistics_that_are_none_are_passed_over() {
    let text = with(
        "statistics",
        json!({
            "filesystems": [{"name": "/home", "type": "nfs", "read_bw": {"avg": 1}}, null, [2]],
            "gone": null,
            "load": {"avg": null, "min": 0.5, "unit": {"base": "load"}, "median": 3}
        }),
    )
    .to_string();
    let meta: JobMeta = serde_json::from_str(&text).unwrap();
    assert_eq!(meta.statistics.keys().collect::<Vec<_>>(), ["load"]);
    let load = &meta.statistics["load"];
    assert!(load.avg.is_nan());
    assert_eq!((load.min, load.max, load.unit.base.as_str()), (0.5, 0.0, "load"));
}

#[test]
fn missing_statistics_are_written_as_null() {
    let nothing = JobStatistics { avg: f64::NAN, min: f64::NAN, max: f64::NAN, ..JobStatistics::default() };
    let written = serde_json::to_value(nothing).unwrap();
    assert_eq!(written, json!({"unit": {"base": ""}, "avg": null, "min": null, "max": null}));
}

#[rstest]
#[case::missing(json!({"type": "app", "name": "vasp"}))]
#[case::null(json!({"type": "app", "name": "vasp", "scope": null}))]
#[case::empty(json!({"type": "app", "name": "vasp", "scope": ""}))]
fn a_tag_without_a_scope_is_seen_by_all(#[case] tag: Value) {
    let tag: Tag = serde_json::from_value(tag).unwrap();
    assert_eq!((tag.scope.as_str(), tag.id), ("global", 0));
}

#[test]
fn a_tag_keeps_the_scope_it_has() {
    let tag: Tag = serde_json::from_value(json!({"type": "app", "name": "vasp", "scope": "admin"})).unwrap();
    assert_eq!(tag.scope, "admin");
}

#[test]
fn states_are_named_alike_in_text_and_json() {
    for state in JobState::ALL {
        assert_eq!(state.as_str().parse(), Ok(state));
        assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
    }
    assert!(JobState::ALL.is_sorted_by_key(|state| state.as_str()));
    let refused = "done".parse::<JobState>().unwrap_err().to_string();
    assert!(refused.starts_with("\"done\" is not a job state: allowed are boot_fail, "), "{refused}");
    assert!(JobState::ALL.iter().all(|state| refused.contains(state.as_str())), "{refused}");
}

#[test]
fn ways_to_share_are_named_alike_in_text_and_json() {
    for shared in [Shared::None, Shared::SingleUser, Shared::MultiUser] {
        assert_eq!(shared.as_str().parse(), Ok(shared));
        assert_eq!(serde_json::to_value(shared).unwrap(), shared.as_str());
    }
    let refused = "both".parse::<Shared>().unwrap_err().to_string();
    assert_eq!(refused, "\"both\" is not a way to share nodes: allowed are none, single_user and multi_user");
}

#[test]
fn monitoring_status_is_a_number_from_0_to_3() {
    for code in 0..=3 {
        assert_eq!(MonitoringStatus::from_code(code).map(MonitoringStatus::code), Some(code));
    }
    assert_eq!(MonitoringStatus::from_code(4), None);
    assert_eq!(MonitoringStatus::from_code(-1), None);
}

fn fragment(value: &Value) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).unwrap()
}

fn record() -> JobRecord {
    JobRecord {
        id: JobDbId(42),
        key: JobKey { cluster: "alpha".into(), job_id: 7, start_time: UnixTime(1_700_000_000) },
        subcluster: "main".into(),
        partition: String::new(),
        project: "astro".into(),
        user: "mona".into(),
        shared: Shared::None,
        state: JobState::Running,
        array_job_id: 0,
        num_nodes: 1,
        num_hwthreads: 0,
        num_acc: 0,
        smt: 0,
        walltime_s: 0,
        requested_memory_mb: 0,
        submit_time: UnixTime(0),
        duration_s: 60,
        monitoring_status: MonitoringStatus::Disabled,
        energy_kwh: 0.0,
        tags: vec![],
        fragments: JobFragments {
            resources: fragment(&json!([{"hostname": "a01", "hwthreads": [3]}])),
            footprint: None,
            energy_footprint: None,
            statistics: None,
            meta_data: None,
            missing: None,
        },
    }
}

#[test]
fn a_record_leaves_out_what_is_unknown_but_keeps_the_places_of_objects() {
    assert_eq!(
        serde_json::to_value(record()).unwrap(),
        json!({
            "cluster": "alpha", "subCluster": "main", "project": "astro", "user": "mona", "shared": "none",
            "jobState": "running", "resources": [{"hostname": "a01", "hwthreads": [3]}], "energyFootprint": null,
            "footprint": null, "metaData": null, "concurrentJobs": {"items": null, "count": 0}, "energy": 0.0,
            "statistics": null, "jobId": 7, "duration": 60, "numNodes": 1, "id": 42, "startTime": 1_700_000_000
        })
    );
}

#[test]
fn a_record_passes_its_fragments_on_and_shows_what_is_known() {
    let mut record = record();
    record.partition = "work".into();
    record.smt = 2;
    record.num_acc = 4;
    record.monitoring_status = MonitoringStatus::Archived;
    record.fragments.footprint = Some(fragment(&json!({"mem_used_max": 1.5})));
    let missing = json!([{"metric": "flops", "hosts": ["a01"], "reason": "no samples"}]);
    record.fragments.missing = Some(fragment(&missing));
    record.tags = read(full()).tags;
    let written = serde_json::to_value(&record).unwrap();
    assert_eq!(written["footprint"], json!({"mem_used_max": 1.5}));
    assert_eq!(written["tags"], full()["tags"]);
    assert_eq!(written["missing"], missing);
    let numbers = ["smt", "numAcc", "monitoringStatus"].map(|key| written[key].as_i64());
    assert_eq!(numbers, [Some(2), Some(4), Some(3)]);
    assert_eq!(written["partition"], "work");
}

#[test]
fn a_record_decodes_its_nodes() {
    assert_eq!(record().resources().unwrap()[0].hwthreads, [3]);
    let mut broken = record();
    broken.fragments.resources = fragment(&json!({"hostname": "a01"}));
    assert!(broken.resources().is_err());
}
