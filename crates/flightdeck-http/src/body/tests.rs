use super::*;
use flightdeck_model::{MetaEdit, NodeStateBody, NodeStatesBody, StartJobBody, StopJobBody, TagBody};
use flightdeck_service::{HealthBody, QueryBody, SampleQuery};
use proptest::prelude::*;
use rstest::rstest;
use std::collections::BTreeSet;
use std::fmt::Debug;

fn body(text: &str) -> LimitedBody {
    LimitedBody(Bytes::copy_from_slice(text.as_bytes()))
}

fn start(text: &str) -> Result<StartJobBody, ApiError> {
    body(text).decode(&START_JOB)
}

#[track_caller]
fn refused<T: Debug>(decoded: Result<T, ApiError>) -> (String, String) {
    match decoded {
        Err(ApiError::Invalid { field, reason }) => (field, reason),
        other => panic!("is not refused as invalid: {other:?}"),
    }
}

#[rstest]
#[case(r#"{"jobId": "5111"}"#, "jobId", "expected i64")]
#[case(r#"{"jobId": 1.5}"#, "jobId", "expected i64")]
#[case(r#"{"user": 7}"#, "user", "expected a string")]
#[case(r#"{"user": ["mona"]}"#, "user", "expected a string")]
#[case(r#"{"jobId": 1, "colour": "red"}"#, "colour", "unknown field")]
#[case("{\"jobId\": 1,\n\n \"numNodes\": {}}", "numNodes", "line 3")]
#[case(r#"{"resources": [{"hostname": "a"}, {"hostname": 2}]}"#, "resources[1].hostname", "string")]
#[case(r#"{"resources": [{"hostname": "a", "hwthreads": [0, 1, -1]}]}"#, "resources[0].hwthreads[2]", "u32")]
#[case(r#"{"resources": {"hostname": "a"}}"#, "resources", "sequence")]
#[case(r#"{"metaData": {"a \" b": 1}}"#, r#"metaData.a \" b"#, "expected a string")]
#[case(r#"{"tags": [null]}"#, "tags[0]", "null")]
#[case(r#"[{"jobId": 1}]"#, "body", "list")]
#[case("7", "body", "StartJobBody")]
#[case("", "body", "empty")]
#[case(" \n", "body", "empty")]
#[case("{jobId: 1", "body", "not JSON")]
#[case(r#"{"jobId": 1"#, "body", "not JSON")]
#[case(r#"{"jobId": 1}{"jobId": 2}"#, "body", "not JSON")]
#[case(r#"{"jobId": 1, "jobId": 2}"#, "jobId", "duplicate")]
#[case(r#"{"jobId": 1, "JOBID": 2}"#, "jobId", "duplicate")]
#[case(r#"{"JOBID": 1, "user": 7}"#, "user", "expected a string")]
fn a_mistake_is_told_with_its_place(#[case] text: &str, #[case] place: &str, #[case] words: &str) {
    let (field, reason) = refused(start(text));
    assert_eq!(field, place, "{reason}");
    assert!(reason.contains(words), "{reason}");
}

#[rstest]
#[case("[]", "body")]
#[case("[5001, \"aurora\"]", "body")]
#[case(r#"{"resources": [["a0001"]]}"#, "resources[0]")]
#[case(r#"{"resources": [{}, []], "jobId": 4}"#, "resources[1]")]
fn a_list_is_never_taken_for_an_object(#[case] text: &str, #[case] place: &str) {
    let (field, reason) = refused(start(text));
    assert_eq!(field, place);
    assert!(reason.contains("list"), "{reason}");
    let tag: Result<Vec<TagBody>, _> = body(r#"[["debug", "slow", "global"]]"#).decode(&TAGS);
    assert_eq!(refused(tag).0, "body[0]");
    let edit: Result<MetaEdit, _> = body(r#"["note", "hot"]"#).decode(&META_EDIT);
    assert_eq!(refused(edit).0, "body");
}

#[test]
fn lists_within_members_that_mean_nothing_are_let_be() {
    let text = r#"{"jobId": 1, "statistics": {"x": [[1], [[2]]]}, "footprint": {"resources": [[3]]}, "resources": [{"hwthreads": [0, 1]}]}"#;
    assert_eq!(start(text).unwrap().job_id, 1);
}

#[test]
fn what_is_passed_over_is_an_object_all_the_same() {
    for key in ["footprint", "statistics", "energyFootprint", "concurrentJobs"] {
        for passed_over in ["null", "{}", r#"{"a": [1, {"b": null}]}"#] {
            assert!(
                start(&format!(r#"{{"jobId": 1, "{key}": {passed_over}}}"#)).is_ok(),
                "{key}: {passed_over}"
            );
        }
        for other in ["5", r#""x""#, "[]", "true"] {
            let refused = start(&format!(r#"{{"jobId": 1, "{key}": {other}}}"#)).unwrap_err().to_string();
            assert!(refused.contains(key) && refused.contains("an object or null"), "{refused}");
        }
    }
}

#[test]
fn null_counts_as_left_out() {
    assert_eq!(start("null").unwrap().job_id, 0);
    assert_eq!(start(r#"{"jobId": null, "resources": null}"#).unwrap().resources.len(), 0);
    assert!(body("null").decode::<Vec<TagBody>>(&TAGS).unwrap().is_empty());
    assert!(body("[]").decode::<Vec<TagBody>>(&TAGS).unwrap().is_empty());
}

#[test]
fn keys_may_be_written_in_any_case_of_letters_but_only_those_of_the_schema() {
    let job = start(
        r#"{"JOBID": 5, "Cluster": "aurora", "STARTtime": 9, "Resources": [{"HostName": "a1"}, {"hostname": "a2"}],
            "TAGS": [{"Type": "t", "NAME": "n"}], "metadata": {"JobName": "x", "jobname": "y", "HOSTNAME": "z"}}"#,
    )
    .unwrap();
    assert_eq!((job.job_id, job.cluster.as_str(), job.start_time), (5, "aurora", 9));
    assert_eq!(job.resources.iter().map(|it| it.hostname.as_str()).collect::<Vec<_>>(), ["a1", "a2"]);
    assert_eq!((job.tags[0].tag_type.as_str(), job.tags[0].name.as_str()), ("t", "n"));
    assert_eq!(job.meta_data.keys().collect::<Vec<_>>(), ["HOSTNAME", "JobName", "jobname"]);
    let tags: Vec<TagBody> = body(r#"[{"TYPE": "t", "name": "NAME"}]"#).decode(&TAGS).unwrap();
    assert_eq!(tags[0].name, "NAME", "values stay as they are");
}

#[test]
fn an_answer_does_not_repeat_a_whole_body() {
    let long = "x".repeat(1 << 20);
    for text in [format!(r#"{{"jobId": "{long}"}}"#), format!(r#"{{"{long}": 1}}"#)] {
        let (field, reason) = refused(start(&text));
        assert!(field.len() + reason.len() < 1000, "{} and {} bytes", field.len(), reason.len());
    }
}

#[test]
fn a_body_that_nests_without_end_is_refused() {
    for text in [
        "[".repeat(100_000),
        "{\"jobId\":".repeat(100_000),
        format!("{{\"JOBID\":1,\"x\":{}", "[".repeat(100_000)),
    ] {
        refused(start(&text));
    }
}

/// What the decoder itself says it knows.
fn known_to<T: DeserializeOwned + Default + Debug>(text: &str) -> BTreeSet<String> {
    let words = serde_json::from_str::<T>(text).unwrap_err().to_string();
    let (_, listed) = words.split_once("expected ").unwrap();
    listed.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn names(shape: &Shape) -> BTreeSet<String> {
    shape.keys().iter().map(|key| (*key).to_owned()).collect()
}

#[test]
fn the_shapes_have_exactly_the_keys_that_the_decoder_knows() {
    let unknown = r#"{"?": 1}"#;
    assert_eq!(names(&START_JOB), known_to::<StartJobBody>(unknown));
    assert_eq!(names(&STOP_JOB), known_to::<StopJobBody>(unknown));
    assert_eq!(names(&TAGS), known_to::<TagBody>(unknown));
    assert_eq!(names(&META_EDIT), known_to::<MetaEdit>(unknown));
    assert_eq!(names(&EDIT_META), known_to::<EditMetaBody>(unknown));
    assert_eq!(names(&WHICH_JOB), known_to::<WhichJobBody>(unknown));
    assert_eq!(names(&CHANGE_USER), known_to::<ChangeUserBody>(unknown));
    assert_eq!(names(&NODE_STATES), known_to::<NodeStatesBody>(unknown));
    assert_eq!(names(&HEALTH), known_to::<HealthBody>(unknown));
    let below: Vec<_> = START_JOB.shapes_below().chain(NODE_STATES.shapes_below()).map(names).collect();
    assert_eq!(
        below,
        [
            known_to::<StartJobBody>(r#"{"resources": [{"?": 1}]}"#),
            known_to::<TagBody>(unknown),
            known_to::<NodeStateBody>(unknown),
        ]
    );
}

/// What passes over unknown keys is asked what it writes.
#[test]
fn the_shape_of_a_query_has_exactly_the_keys_that_are_written() {
    let query = SampleQuery {
        kind: Some("core".to_owned()),
        type_ids: vec!["0".to_owned()],
        subtype: Some("disk".to_owned()),
        subtype_ids: vec!["sda".to_owned()],
        scale_by: 2.0,
        ..SampleQuery::default()
    };
    let body: QueryBody =
        body(r#"{"Cluster": "alpha", "from": 0, "TO": 60, "queries": [{"Metric": "m", "HOST": "a"}]}"#)
            .decode_whole(&SAMPLE_QUERIES)
            .unwrap();
    assert_eq!((body.cluster.as_str(), body.queries[0].host.as_str()), ("alpha", "a"));
    let keys =
        |written: serde_json::Value| written.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&SAMPLE_QUERIES), keys(serde_json::to_value(body).unwrap()));
    let below: Vec<_> = SAMPLE_QUERIES.shapes_below().map(names).collect();
    assert_eq!(below, [keys(serde_json::to_value(query).unwrap())]);
}

#[rstest]
#[case(r#"{"cluster": "alpha", "nodes": ["a001"], "metric-names": ["cpu_load"]}"#, true)]
#[case(r#"{"Nodes": [ "a001", {}]}"#, true)]
#[case(r#"{"nodes": [], "Metric-Names": null}"#, true)]
#[case(r#"{"cluster": "alpha", "nodes": [{"hostname": "a001"}]}"#, false)]
#[case(r#"{"nodes": []}"#, false)]
#[case(r#"["nodes"]"#, false)]
#[case(r#"{"nodes": ["#, false)]
#[case("null", false)]
fn a_question_for_health_is_known_by_the_names_of_nodes(#[case] text: &str, #[case] asks: bool) {
    assert_eq!(body(text).asks_for_health(), asks);
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_read_and_never_break_anything(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let sent = LimitedBody(Bytes::from(bytes));
        let _either = sent.decode::<StartJobBody>(&START_JOB);
        let _either = sent.decode::<Vec<TagBody>>(&TAGS);
    }

    #[test]
    fn any_json_like_text_is_refused_or_read(text in r#"[\[\]{},: "\\a]{0,60}"#) {
        let _either = start(&text);
        let _either = body(&format!("{{\"JobID\":1,\"resources\":[{{\"hostName\":{text}")).decode::<StartJobBody>(&START_JOB);
    }

    #[test]
    fn the_case_of_letters_changes_nothing(upper in proptest::collection::vec(any::<bool>(), 40), job_id in 1_i64..) {
        let mut choices = upper.into_iter().cycle();
        let mut mixed = |name: &str| -> String {
            name.chars().map(|letter| if choices.next() == Some(true) { letter.to_ascii_uppercase() } else { letter }).collect()
        };
        let text = format!(
            r#"{{"{}": {job_id}, "{}": "Aurora", "{}": [{{"{}": "A1"}}]}}"#,
            mixed("jobId"), mixed("cluster"), mixed("resources"), mixed("hostname")
        );
        let job = start(&text).unwrap();
        prop_assert_eq!((job.job_id, job.cluster.as_str(), job.resources[0].hostname.as_str()), (job_id, "Aurora", "A1"));
    }
}
