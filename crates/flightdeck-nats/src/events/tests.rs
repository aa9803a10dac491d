use super::*;

fn read(topic: Topic, measurement: &str, function: Option<&str>, body: &str) -> Option<Event> {
    Event::read(topic, measurement, function, body).unwrap()
}

#[test]
fn start_and_stop_of_a_job_share_a_lane_even_if_the_stop_names_no_cluster() {
    let start = read(Topic::Jobs, "job", Some("start_job"), r#"{"jobId":17,"cluster":"alpha"}"#).unwrap();
    let stop = read(Topic::Jobs, "job", Some("stop_job"), r#"{"jobId":17,"stopTime":5}"#).unwrap();
    assert_eq!(start.lane(), stop.lane());
}

#[test]
fn events_of_another_topic_or_function_are_passed_over() {
    for (measurement, function) in
        [("job", None), ("job", Some("pause_job")), ("nodestate", None), ("slurm", Some("start_job"))]
    {
        assert!(read(Topic::Jobs, measurement, function, "{}").is_none(), "{measurement} {function:?}");
    }
    assert!(read(Topic::Nodes, "job", Some("start_job"), "{}").is_none());
}

#[test]
fn bodies_are_read_as_strictly_as_those_of_requests() {
    let refused = [
        r#"{"jobId":17,"unknown":1}"#,
        r#"{"jobId":"17"}"#,
        r#"{"jobId":17}{"jobId":18}"#,
        r#"["alpha",17]"#,
        "",
        "17",
    ];
    for body in refused {
        assert!(Event::read(Topic::Jobs, "job", Some("start_job"), body).is_err(), "{body}");
        assert!(Event::read(Topic::Jobs, "job", Some("stop_job"), body).is_err(), "{body}");
    }
    assert!(Event::read(Topic::Nodes, "nodestate", None, r#"{"cluster":"alpha","nodes":{}}"#).is_err());
}

#[test]
fn null_is_what_is_left_out() {
    let start = read(Topic::Jobs, "job", Some("start_job"), r#"{"jobId":17,"tags":null,"statistics":null}"#);
    assert!(matches!(start, Some(Event::Start(body)) if body.job_id == 17 && body.tags.is_empty()));
    assert!(matches!(read(Topic::Jobs, "job", Some("stop_job"), "null"), Some(Event::Stop(_))));
}
