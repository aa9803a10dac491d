use super::*;
use flightdeck_model::{SubParts, UnixTime};

const HOUR: TimeSpan = TimeSpan { from: UnixTime(0), to: UnixTime(3600) };

fn request(parts: SeriesParts) -> SeriesRequest {
    SeriesRequest { metric: "load".to_owned(), host: "n01".to_owned(), parts }
}

fn texts(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn parts(kind: &str, ids: &[&str], below: Option<(&str, &[&str])>) -> SeriesRequest {
    let below = below.map(|(sub_kind, sub_ids)| SubParts { kind: sub_kind.to_owned(), ids: texts(sub_ids) });
    request(SeriesParts::Parts { kind: kind.to_owned(), ids: texts(ids), below })
}

fn json(question: &Question<'_>) -> String {
    serde_json::to_string(&question.query).unwrap()
}

#[test]
fn queries_have_the_form_of_the_field() {
    let node = request(SeriesParts::Node);
    let question = Question::of(0, &node).unwrap().unwrap();
    let body = Body::new("emmy", std::slice::from_ref(&question), HOUR);
    assert_eq!(
        serde_json::to_string(&body).unwrap(),
        r#"{"cluster":"emmy","queries":[{"metric":"load","host":"n01","resolution":0,"aggreg":false}],"from":0,"to":3600,"with-stats":false,"with-data":true,"with-padding":false}"#
    );
    let below = parts("socket", &["0", "1"], Some(("network", &["a", "b"])));
    let question = Question::of(0, &below).unwrap().unwrap();
    assert!(
        json(&question).ends_with(
            r#""type":"socket","type-ids":["0","1"],"subtype":"network","subtype-ids":["a","b"]}"#
        )
    );
    assert_eq!(question.ids, ["a", "b", "a", "b"]);
}

#[test]
fn a_question_is_split_in_the_order_of_its_ids() {
    let cores = parts("core", &["3", "1"], None);
    let split: Vec<_> = Question::of(7, &cores).unwrap().unwrap().split().map(|it| json(&it)).collect();
    assert_eq!(split.len(), 2);
    assert!(split[0].ends_with(r#""type-ids":["3"]}"#) && split[1].ends_with(r#""type-ids":["1"]}"#));

    let below = parts("socket", &["0", "1"], Some(("network", &["a", "b"])));
    let question = Question::of(7, &below).unwrap().unwrap();
    let split: Vec<_> = question.split().map(|it| (it.request, it.ids.clone(), json(&it))).collect();
    assert_eq!(split.len(), 4);
    assert_eq!((split[2].0, split[2].1.as_slice()), (7, ["a"].as_slice()));
    assert!(split[2].2.ends_with(r#""type-ids":["1"],"subtype":"network","subtype-ids":["a"]}"#));
}

#[test]
fn who_asks_for_nothing_asks_nobody() {
    assert!(Question::of(0, &parts("core", &[], None)).unwrap().is_none());
    assert!(Question::of(0, &parts("core", &["1"], Some(("network", &[])))).unwrap().is_none());
    assert!(Question::of(0, &request(SeriesParts::Everything)).is_err());
}

#[test]
fn bodies_are_cut_by_queries_and_by_what_their_answers_hold() {
    let node = request(SeriesParts::Node);
    let cores = parts("core", &["0", "1", "2", "3"], None);
    let lengths = |request: &SeriesRequest, count: usize, span: TimeSpan| -> Vec<usize> {
        let question = Question::of(0, request).unwrap().unwrap();
        runs(&vec![question; count], span).into_iter().map(<[_]>::len).collect()
    };
    assert_eq!(lengths(&node, 2500, HOUR), [1000, 1000, 500]);
    assert_eq!(lengths(&node, 0, HOUR), [0; 0]);
    let month = TimeSpan { from: UnixTime(0), to: UnixTime(30 * 86_400) };
    assert_eq!(lengths(&node, 40, month), [32, 8]);
    assert_eq!(lengths(&cores, 10, month), [8, 2]);
    let everything = TimeSpan { from: UnixTime(i64::MIN), to: UnixTime(i64::MAX) };
    assert_eq!(lengths(&cores, 2, everything), [1, 1]);
}
