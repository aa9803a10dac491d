//! What is asked, and where what is answered goes.

use crate::scripted_server::{Reply, SPAN, ScriptedServer, answer_of, cores, node, series};
use flightdeck_model::{
    FoundSeries, MetricSource, SeriesAnswer, SeriesParts, SeriesRequest, SubParts, TimeSpan, UnixTime,
};

/// Ids and values of an answer; missing ones are `NaN`.
fn shown(answer: &SeriesAnswer) -> Vec<String> {
    answer.series.iter().map(|FoundSeries { id, values, .. }| format!("{id}: {values:?}")).collect()
}

#[test]
fn a_question_is_a_get_with_a_body_and_the_token() {
    let server = ScriptedServer::new(vec![answer_of(&[&[series("1")]])]);
    server.store().read_series("emmy", &[node("n01")], SPAN).unwrap();
    let received = server.next();
    assert!(received.head.starts_with("GET /api/query?version=v2 HTTP/1.1\r\n"), "{}", received.head);
    let head = received.head.to_ascii_lowercase();
    assert!(head.contains("\r\nauthorization: bearer s3cret-token\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-type: application/json\r\n"), "{head}");
    assert_eq!(
        received.body,
        r#"{"cluster":"emmy","queries":[{"metric":"load","host":"n01","resolution":0,"aggreg":false}],"from":6000,"to":6600,"with-stats":false,"with-data":true,"with-padding":false}"#
    );
}

#[test]
fn answers_come_in_the_order_of_the_requests() {
    let server = ScriptedServer::new(vec![answer_of(&[
        &[series("1, null, 3")],
        &[],
        &[series("4"), series("5, 6")],
        &[series("null, null")],
    ])]);
    let requests = [node("n01"), node("unknown"), cores(&["3", "0"]), node("silent")];
    let answers = server.store().read_series("emmy", &requests, SPAN).unwrap();
    let found: Vec<Vec<String>> = answers.iter().map(shown).collect();
    assert_eq!(found, [vec![": [1.0, NaN, 3.0]"], vec![], vec!["3: [4.0]", "0: [5.0, 6.0]"], vec![]]);
    assert!(answers.iter().all(|answer| answer.problem.is_none()));
    assert_eq!(answers[0].series[0].timestep_s, 60);
}

#[test]
fn a_row_that_lacks_series_is_asked_for_id_by_id() {
    let server = ScriptedServer::new(vec![
        answer_of(&[&[series("1"), series("3")], &[series("9")]]),
        answer_of(&[&[series("1")], &[], &[series("3")]]),
    ]);
    let requests = [cores(&["0", "1", "2"]), node("n01")];
    let answers = server.store().read_series("emmy", &requests, SPAN).unwrap();
    assert_eq!(shown(&answers[0]), ["0: [1.0]", "2: [3.0]"]);
    assert_eq!(shown(&answers[1]), [": [9.0]"]);
    server.next();
    let second = server.next().body;
    assert_eq!(second.matches("\"host\"").count(), 3, "{second}");
    assert!(second.contains(r#""type-ids":["1"]"#) && !second.contains(r#""0","1""#), "{second}");
}

#[test]
fn parts_below_parts_are_known_by_their_own_id() {
    let server = ScriptedServer::new(vec![
        answer_of(&[&[series("1"), series("2"), series("3")]]),
        answer_of(&[&[series("1")], &[series("2")], &[], &[series("3")]]),
    ]);
    let texts = |ids: [&str; 2]| ids.map(str::to_owned).to_vec();
    let below = Some(SubParts { kind: "network".to_owned(), ids: texts(["eth", "ib"]) });
    let parts = SeriesParts::Parts { kind: "socket".to_owned(), ids: texts(["0", "1"]), below };
    let request = SeriesRequest { parts, ..node("n01") };
    let answers = server.store().read_series("emmy", &[request], SPAN).unwrap();
    assert_eq!(shown(&answers[0]), ["eth: [1.0]", "ib: [2.0]", "ib: [3.0]"]);
}

#[test]
fn what_cannot_be_answered_is_said_of_that_request_alone() {
    let server = ScriptedServer::new(vec![answer_of(&[
        &[r#"{"error": "unknown\nmetric", "from": 0, "to": 0, "resolution": 0}"#.to_owned()],
        &[series("1"), r#"{"error": "does not align"}"#.to_owned()],
        &[r#"{"data": [1], "from": 6000, "resolution": 0}"#.to_owned()],
        &[series("2")],
    ])]);
    let everything = SeriesRequest { parts: SeriesParts::Everything, ..node("n01") };
    let requests = [node("a"), cores(&["0", "1"]), node("b"), everything, node("c")];
    let answers = server.store().read_series("emmy", &requests, SPAN).unwrap();
    let problems: Vec<Option<&str>> = answers.iter().map(|it| it.problem.as_deref()).collect();
    assert_eq!(problems[0], Some("unknownmetric"));
    assert_eq!((shown(&answers[1]), problems[1]), (vec!["0: [1.0]".to_owned()], Some("does not align")));
    assert!(problems[2].is_some_and(|text| text.contains("seconds")), "{problems:?}");
    assert!(problems[3].is_some_and(|text| text.contains("all series")), "{problems:?}");
    assert_eq!((shown(&answers[4]), problems[4]), (vec![": [2.0]".to_owned()], None));
    assert_eq!(server.further(), 1, "errors are not asked for again");
}

#[test]
fn long_lists_are_asked_in_several_bodies() {
    let rows = |count: usize, value: &str| {
        let row = [series(value)];
        answer_of(&vec![row.as_slice(); count])
    };
    let server = ScriptedServer::new(vec![rows(1000, "1"), rows(1000, "2"), rows(5, "3")]);
    let requests: Vec<SeriesRequest> = (0..2005).map(|number| node(&format!("n{number}"))).collect();
    let answers = server.store().read_series("emmy", &requests, SPAN).unwrap();
    assert_eq!(answers.len(), 2005);
    for (index, value) in [(0, "1"), (999, "1"), (1000, "2"), (1999, "2"), (2000, "3"), (2004, "3")] {
        assert_eq!(shown(&answers[index]), [format!(": [{value}.0]")], "{index}");
    }
    server.next();
    assert!(server.next().body.contains(r#""host":"n1000""#));
}

#[test]
fn who_asks_for_nothing_asks_nobody() {
    let server = ScriptedServer::new(vec![]);
    let store = server.store();
    assert_eq!(store.read_series("emmy", &[], SPAN).unwrap(), []);
    let empty = TimeSpan { to: SPAN.from, ..SPAN };
    assert_eq!(store.read_series("emmy", &[node("n01")], empty).unwrap(), [SeriesAnswer::default()]);
    let nothing = [cores(&[])];
    assert_eq!(store.read_series("emmy", &nothing, SPAN).unwrap(), [SeriesAnswer::default()]);
    assert_eq!(store.change_stamp("emmy", &["n01"]), None);
}

#[test]
fn a_long_span_costs_no_more_than_the_samples_that_are_there() {
    let all = TimeSpan { from: UnixTime(0), to: UnixTime(4_000_000_000_000) };
    let server = ScriptedServer::new(vec![Reply::ok(
        r#"{"results": [[{"data": [1], "from": 3999999999999, "resolution": 1}], [{"data": [2], "from": 60, "resolution": 60}]]}"#,
    )]);
    // One question goes into each body of such a span.
    let answers = server.store().read_series("emmy", &[node("n01")], all);
    assert!(answers.is_err(), "two rows for one question");

    let server = ScriptedServer::new(vec![
        Reply::ok(r#"{"results": [[{"data": [1], "from": 3999999999999, "resolution": 1}]]}"#),
        Reply::ok(r#"{"results": [[{"data": [2], "from": 60, "resolution": 60}]]}"#),
    ]);
    let answers = server.store().read_series("emmy", &[node("n01"), node("n02")], all).unwrap();
    assert!(answers[0].series.is_empty() && answers[0].problem.is_some());
    assert_eq!(shown(&answers[1]), [": [NaN, 2.0]"]);
}
