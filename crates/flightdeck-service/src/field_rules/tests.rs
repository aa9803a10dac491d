//! Which fields are refused, by which name, and that what is accepted keeps the promises of a stored job.

use super::{
    LATEST_TIME, check_edit, check_start, check_stop, check_tags, check_time_limit, file_name, required_word,
};
use crate::{ClusterCatalog, ServiceError};
use flightdeck_model::{
    Cluster, JobState, MetaEdit, MonitoringStatus, NewJob, Shared, StartJobBody, StartResource, StopJobBody,
    TagBody, UnixTime,
};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};
use std::sync::Arc;

const CLUSTER: &str = r#"{
  "name": "alpha", "metricConfig": [{"name": "load", "scope": "node", "timestep": 60}],
  "subClusters": [
    {"name": "main", "nodes": "a[001-010]", "topology": {"node": [0], "socket": [[0]], "memoryDomain": [[0]], "core": [[0]]}},
    {"name": "gpu", "nodes": "g[01-04]", "topology": {"node": [0], "socket": [[0]], "memoryDomain": [[0]], "core": [[0]]}}
  ]
}"#;

fn clusters() -> ClusterCatalog {
    ClusterCatalog::new([Arc::new(Cluster::from_json(CLUSTER.as_bytes()).unwrap().0)])
}

/// A start in order, with these members changed; `null` takes one out.
fn start_with(changes: Value) -> StartJobBody {
    let mut body = json!({
        "jobId": 5001, "cluster": "alpha", "subCluster": "main", "user": "mona", "project": "physics",
        "numNodes": 2, "startTime": 1_700_000_000,
        "resources": [{"hostname": "a001"}, {"hostname": "a002"}]
    });
    let Value::Object(changes) = changes else { panic!("the changes are no object") };
    body.as_object_mut().unwrap().extend(changes);
    serde_json::from_value(body).unwrap()
}

fn checked(body: StartJobBody) -> Result<NewJob, ServiceError> {
    Ok(check_start(&clusters(), &body)?.into_job(body))
}

#[track_caller]
fn field_of(refusal: ServiceError) -> String {
    match refusal {
        ServiceError::Invalid { field, .. } => field.into_owned(),
        other => panic!("{other:?} names no field"),
    }
}

#[rstest]
#[case::no_number(json!({"jobId": null}), "jobId")]
#[case::number_0(json!({"jobId": 0}), "jobId")]
#[case::negative_number(json!({"jobId": -1}), "jobId")]
#[case::no_cluster(json!({"cluster": null}), "cluster")]
#[case::unknown_cluster(json!({"cluster": "nowhere"}), "cluster")]
#[case::cluster_with_nul(json!({"cluster": "al\u{0}pha"}), "cluster")]
#[case::unknown_subcluster(json!({"subCluster": "tiny"}), "subCluster")]
#[case::long_subcluster(json!({"subCluster": "x".repeat(256)}), "subCluster")]
#[case::no_user(json!({"user": null}), "user")]
#[case::user_with_space(json!({"user": "mona m"}), "user")]
#[case::user_with_line_end(json!({"user": "mona\n"}), "user")]
#[case::long_user(json!({"user": "ü".repeat(128)}), "user")]
#[case::project_with_control(json!({"project": "a\u{1b}[31m"}), "project")]
#[case::long_project(json!({"project": "x".repeat(1 << 20)}), "project")]
#[case::partition_with_nul(json!({"partition": "\u{0}"}), "partition")]
#[case::negative_array(json!({"arrayJobId": -1}), "arrayJobId")]
#[case::no_node_count(json!({"numNodes": null}), "numNodes")]
#[case::wrong_node_count(json!({"numNodes": 3}), "numNodes")]
#[case::node_count_beyond_32_bits(json!({"numNodes": (1_i64 << 32) + 2}), "numNodes")]
#[case::no_resources(json!({"resources": []}), "resources")]
#[case::negative_threads(json!({"numHwthreads": -1}), "numHwthreads")]
#[case::threads_beyond_32_bits(json!({"numHwthreads": 1_i64 << 31}), "numHwthreads")]
#[case::negative_accelerators(json!({"numAcc": -1}), "numAcc")]
#[case::smt_beyond_32_bits(json!({"smt": i64::MAX}), "smt")]
#[case::shared_perhaps(json!({"shared": "perhaps"}), "shared")]
#[case::shared_in_capitals(json!({"shared": "NONE"}), "shared")]
#[case::negative_walltime(json!({"walltime": -1}), "walltime")]
#[case::endless_walltime(json!({"walltime": i64::MAX}), "walltime")]
#[case::negative_memory(json!({"requestedMemory": -1}), "requestedMemory")]
#[case::negative_submission(json!({"submitTime": -1}), "submitTime")]
#[case::submission_in_milliseconds(json!({"submitTime": 1_700_000_000_000_i64}), "submitTime")]
#[case::no_start(json!({"startTime": null}), "startTime")]
#[case::negative_start(json!({"startTime": -5}), "startTime")]
#[case::start_in_milliseconds(json!({"startTime": 1_700_000_000_000_i64}), "startTime")]
#[case::archived_at_start(json!({"monitoringStatus": 3}), "monitoringStatus")]
#[case::no_host(json!({"resources": [{"hostname": "a001"}, {"hostname": ""}]}), "resources[1].hostname")]
#[case::host_with_space(json!({"resources": [{"hostname": "a001"}, {"hostname": "a 2"}]}), "resources[1].hostname")]
#[case::host_twice(json!({"resources": [{"hostname": "a001"}, {"hostname": "a001"}]}), "resources[1].hostname")]
#[case::unknown_first_host(
    json!({"subCluster": "", "resources": [{"hostname": "z1"}, {"hostname": "a001"}]}),
    "resources[0].hostname"
)]
#[case::accelerator_without_name(
    json!({"resources": [{"hostname": "a001", "accelerators": ["0", ""]}, {"hostname": "a002"}]}),
    "resources[0].accelerators[1]"
)]
#[case::configuration_with_control(
    json!({"resources": [{"hostname": "a001", "configuration": "\t"}, {"hostname": "a002"}]}),
    "resources[0].configuration"
)]
#[case::metadata_without_key(json!({"metaData": {"": "x"}}), "metaData")]
#[case::metadata_key_with_nul(json!({"metaData": {"a\u{0}": "x"}}), "metaData")]
#[case::metadata_text_with_nul(json!({"metaData": {"jobScript": "a\u{0}b"}}), "metaData.jobScript")]
#[case::much_metadata(json!({"metaData": {"a": "x".repeat(2 << 20), "b": "x".repeat(2 << 20)}}), "metaData")]
#[case::tag_without_type(json!({"tags": [{"name": "slow"}]}), "tags[0].type")]
#[case::tag_without_name(json!({"tags": [{"type": "a", "name": "b"}, {"type": "debug", "name": ""}]}), "tags[1].name")]
#[case::long_tag_scope(json!({"tags": [{"type": "a", "name": "b", "scope": "x".repeat(256)}]}), "tags[0].scope")]
fn a_start_that_breaks_a_rule_is_refused_by_the_fields_name(#[case] changes: Value, #[case] field: &str) {
    let refusal = checked(start_with(changes)).unwrap_err();
    assert!(refusal.to_string().len() < 1000, "what was sent is not sent back at length");
    assert_eq!(field_of(refusal), field);
}

#[test]
fn a_start_may_leave_out_what_is_not_known() {
    let body = r#"{"jobId": 1, "cluster": "alpha", "user": "mona", "numNodes": 1, "startTime": 1, "walltime": 0,
        "shared": "", "jobState": "", "tags": null, "metaData": null, "monitoringStatus": null,
        "resources": [{"hostname": "g03", "accelerators": null}]}"#;
    let job = checked(serde_json::from_str(body).unwrap()).unwrap();
    assert_eq!(job.subcluster, "gpu", "the first host decides");
    assert_eq!((job.shared, job.walltime_s, job.submit_time), (Shared::None, 0, UnixTime(0)));
    assert_eq!(job.monitoring_status, MonitoringStatus::RunningOrArchiving);
    assert_eq!((job.project.as_str(), job.partition.as_str()), ("", ""));
}

#[test]
fn a_start_brings_in_all_that_it_says() {
    let job = checked(start_with(json!({
        "arrayJobId": 5000, "numHwthreads": 8, "numAcc": 2, "smt": 2, "walltime": 3600, "requestedMemory": 64_000,
        "submitTime": 1_699_999_995, "monitoringStatus": 0, "shared": "multi_user", "partition": "long \u{1f9ea}",
        "metaData": {"jobName": "\u{1f9ea} \"%_'\\", "jobScript": "#!/bin/sh\n\ttrue\n"},
        "tags": [{"type": "a", "name": "b"}, {"type": "a", "name": "b", "scope": "global"}],
        "resources": [{"hostname": "a001", "hwthreads": [0, 4_000_000_000_u32], "accelerators": ["00000000:19:00.0"],
                       "configuration": "x"}, {"hostname": "unlisted"}]
    })))
    .unwrap();
    assert_eq!((job.array_job_id, job.num_hwthreads, job.num_acc, job.smt), (5000, 8, 2, 2));
    assert_eq!((job.walltime_s, job.requested_memory_mb, job.submit_time.0), (3600, 64_000, 1_699_999_995));
    assert_eq!((job.monitoring_status, job.shared), (MonitoringStatus::Disabled, Shared::MultiUser));
    assert_eq!(job.partition, "long \u{1f9ea}");
    assert_eq!(job.meta_data["jobScript"], "#!/bin/sh\n\ttrue\n");
    assert_eq!(job.resources[0].hwthreads, [0, 4_000_000_000]);
    assert_eq!(job.resources[1].hostname, "unlisted", "a subcluster that is named is believed");
    assert_eq!(job.tags.len(), 1, "a tag counts once");
    assert_eq!(job.tags[0].scope, "global");
}

#[rstest]
#[case::most(256, true)]
#[case::too_many(257, false)]
fn a_job_starts_with_a_limited_number_of_tags(#[case] count: usize, #[case] is_accepted: bool) {
    let tags: Vec<Value> =
        (0..count).map(|number| json!({"type": "n", "name": number.to_string()})).collect();
    let outcome = checked(start_with(json!({"tags": tags})));
    assert_eq!(outcome.is_ok(), is_accepted);
}

#[rstest]
#[case::most(1000, true)]
#[case::too_many(1001, false)]
fn a_request_has_a_limited_number_of_tags(#[case] count: usize, #[case] is_accepted: bool) {
    let tag = TagBody { tag_type: "a".into(), name: "b".into(), ..TagBody::default() };
    assert_eq!(check_tags(&vec![tag; count]).is_ok(), is_accepted);
}

fn stop(changes: Value) -> Result<flightdeck_model::JobEnd, ServiceError> {
    let mut body = json!({"jobId": 5001, "cluster": "alpha", "stopTime": 1_700_000_600});
    let Value::Object(changes) = changes else { panic!("the changes are no object") };
    body.as_object_mut().unwrap().extend(changes);
    check_stop(&serde_json::from_value(body).unwrap())
}

#[rstest]
#[case::no_number(json!({"jobId": null}), "jobId")]
#[case::number_0(json!({"jobId": 0}), "jobId")]
#[case::cluster_with_nul(json!({"cluster": "\u{0}"}), "cluster")]
#[case::start_0(json!({"startTime": 0}), "startTime")]
#[case::no_stop(json!({"stopTime": null}), "stopTime")]
#[case::stop_0(json!({"stopTime": 0}), "stopTime")]
#[case::stop_in_milliseconds(json!({"stopTime": 1_700_000_600_000_i64}), "stopTime")]
#[case::running(json!({"jobState": "running"}), "jobState")]
#[case::pending(json!({"jobState": "pending"}), "jobState")]
#[case::suspended(json!({"jobState": "suspended"}), "jobState")]
#[case::unknown_state(json!({"jobState": "requeued"}), "jobState")]
#[case::dashes(json!({"jobState": "out-of-memory"}), "jobState")]
#[case::capitals(json!({"jobState": "COMPLETED"}), "jobState")]
#[case::long_state(json!({"jobState": "x".repeat(1 << 20)}), "jobState")]
fn a_stop_that_breaks_a_rule_is_refused_by_the_fields_name(#[case] changes: Value, #[case] field: &str) {
    let refusal = stop(changes).unwrap_err();
    assert!(refusal.to_string().len() < 1000, "what was sent is not sent back at length");
    assert_eq!(field_of(refusal), field);
}

#[rstest]
#[case::absent(json!({}), JobState::Completed)]
#[case::empty(json!({"jobState": ""}), JobState::Completed)]
#[case::named(json!({"jobState": "out_of_memory"}), JobState::OutOfMemory)]
fn a_stop_without_a_state_means_completed(#[case] changes: Value, #[case] state: JobState) {
    assert_eq!(stop(changes).unwrap().state, state);
}

#[test]
fn a_stop_with_an_empty_cluster_means_any() {
    assert_eq!(stop(json!({"cluster": ""})).unwrap().job.cluster, None);
}

#[rstest]
#[case::no_key("", "x", Some("key"))]
#[case::key_with_line_end("a\n", "x", Some("key"))]
#[case::long_key(&"x".repeat(256), "x", Some("key"))]
#[case::nul("a", "\u{0}", Some("value"))]
#[case::too_long("a", &"x".repeat(4 << 20), Some("value"))]
#[case::any_other_text("message", "two\nlines\t\u{1b} \u{1f9ea}", None)]
#[case::nothing("message", "", None)]
fn metadata_takes_any_text_without_nul(
    #[case] key: &str,
    #[case] value: &str,
    #[case] refused: Option<&str>,
) {
    let outcome = check_edit(&MetaEdit { key: key.into(), value: value.into() });
    assert_eq!(outcome.err().map(field_of).as_deref(), refused);
}

#[rstest]
#[case(-1, false)]
#[case(0, true)]
#[case(LATEST_TIME, true)]
#[case::milliseconds(1_700_000_000_000, false)]
fn old_jobs_are_deleted_up_to_a_time_in_seconds(#[case] time: i64, #[case] is_accepted: bool) {
    assert_eq!(check_time_limit(UnixTime(time)).is_ok(), is_accepted);
}

#[rstest]
#[case("a0117", true)]
#[case("node.example.org", true)]
#[case("", false)]
#[case(".", false)]
#[case("..", false)]
#[case(".hidden", false)]
#[case("a..b", false)]
#[case("a/b", false)]
#[case("a\\b", false)]
#[case("a\u{0}b", false)]
#[case("a b", false)]
#[case::long(&"x".repeat(201), false)]
fn a_files_name_leads_nowhere_else(#[case] name: &str, #[case] is_accepted: bool) {
    assert_eq!(file_name(name).is_ok(), is_accepted);
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => "[a-z0-9]{1,8}",
        1 => prop::sample::select(vec!["alpha", "main", "gpu", "a001", "a002", "g01"]).prop_map(str::to_owned),
        1 => "\\PC{0,20}",
        1 => any::<String>(),
        1 => (250_usize..260).prop_map(|length| "x".repeat(length)),
    ]
}

fn numbers() -> impl Strategy<Value = i64> {
    prop_oneof![20 => 1_i64..4, 1 => any::<i64>(), 1 => LATEST_TIME - 1..LATEST_TIME + 2, 1 => -2_i64..1]
}

prop_compose! {
    fn resources()(
        nodes in prop::collection::vec((texts(), prop::collection::vec(texts(), 0..2), texts()), 0..3)
    ) -> Vec<StartResource> {
        let resource = |(hostname, accelerators, configuration)| {
            StartResource { hostname, accelerators, configuration, hwthreads: Vec::new() }
        };
        nodes.into_iter().map(resource).collect()
    }
}

prop_compose! {
    fn starts()(
        cluster in prop_oneof![20 => Just("alpha".to_owned()), 1 => texts()],
        sub_cluster in prop_oneof![20 => Just("main".to_owned()), 1 => texts()],
        names in (texts(), texts(), texts(), prop_oneof![20 => Just(String::new()), 1 => texts()]),
        times in (numbers(), numbers(), prop::option::of(numbers())),
        counts in (numbers(), numbers(), numbers(), numbers(), numbers()),
        monitoring_status in prop::option::of(-1_i64..3),
        job_id in numbers(),
        resources in resources(),
        meta_data in prop::collection::btree_map(texts(), texts(), 0..2),
        tags in prop::collection::vec((texts(), texts(), texts()), 0..2),
    ) -> StartJobBody {
        let tag = |(tag_type, name, scope)| TagBody { tag_type, name, scope, id: None };
        StartJobBody {
            job_id, cluster, sub_cluster, user: names.0, project: names.1, partition: names.2, shared: names.3,
            start_time: times.0, submit_time: times.1, walltime: times.2,
            num_nodes: i64::try_from(resources.len()).unwrap(), num_hwthreads: counts.0, num_acc: counts.1,
            smt: counts.2, array_job_id: counts.3, requested_memory: counts.4, monitoring_status,
            resources, meta_data, tags: tags.into_iter().map(tag).collect(), ..StartJobBody::default()
        }
    }
}

fn assert_can_be_stored(job: &NewJob) {
    let texts = [&job.key.cluster, &job.subcluster, &job.user, &job.project, &job.partition];
    let hosts = job.resources.iter().map(|resource| &resource.hostname);
    let tags = job.tags.iter().flat_map(|tag| [&tag.tag_type, &tag.name, &tag.scope]);
    for text in texts.into_iter().chain(hosts).chain(tags).chain(job.meta_data.keys()) {
        assert!(text.len() <= 255 && !text.contains(char::is_control), "{text:?}");
    }
    assert!(!job.meta_data.values().any(|text| text.contains('\0')));
    assert!(required_word(&job.user).is_ok());
    assert!(["main", "gpu"].contains(&job.subcluster.as_str()));
    assert!(job.key.job_id >= 1 && (1..=LATEST_TIME).contains(&job.key.start_time.0));
    assert!(job.walltime_s >= 0, "its end can be computed");
    assert!(job.key.start_time.0.checked_add(job.walltime_s).is_some());
    assert_eq!(usize::try_from(job.num_nodes).unwrap(), job.resources.len());
    assert!(job.num_hwthreads >= 0 && job.num_acc >= 0 && job.smt >= 0);
}

proptest! {
    #[test]
    fn whatever_is_sent_is_refused_or_can_be_stored(body in starts()) {
        if let Ok(job) = checked(body) {
            assert_can_be_stored(&job);
        }
    }

    #[test]
    fn whatever_ends_a_job_is_refused_or_a_true_end(
        job_id in prop::option::of(numbers()),
        cluster in prop::option::of(texts()),
        job_state in prop::option::of(prop_oneof![texts(), Just("failed".to_owned()), Just("running".to_owned())]),
        start_time in prop::option::of(numbers()),
        stop_time in prop::option::of(numbers()),
    ) {
        if let Ok(end) = check_stop(&StopJobBody { job_id, cluster, start_time, job_state, stop_time }) {
            assert!(end.job.job_id >= 1 && end.state.is_final());
            assert!((1..=LATEST_TIME).contains(&end.stop_time.0));
            assert!(end.job.cluster.is_none_or(|name| !name.is_empty() && !name.contains('\0')));
        }
    }
}
