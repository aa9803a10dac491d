use super::{Event, Events};
use crate::Problem;
use proptest::prelude::*;

fn events(message: &[u8]) -> Vec<Result<Event<'_>, Problem>> {
    Events::new(message).map(|event| event.map_err(|error| error.problem)).collect()
}

#[test]
fn a_job_event_is_understood_as_the_adapter_writes_it() {
    let message = br#"job,function=stop_job,hostname=ctl,type=node,type-id=0,partition= event="{\"jobId\":8001,\"name\":\"a\\\"b\\n\"}" 1795446852000000000
"#;
    let read = events(message);
    let event = read[0].as_ref().unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!(event.measurement, "job");
    assert_eq!(event.tag("function"), Some("stop_job"));
    assert_eq!(event.tag("partition"), Some(""));
    assert_eq!(event.tag("cluster"), None);
    assert_eq!(event.event, r#"{"jobId":8001,"name":"a\"b\n"}"#);
    assert_eq!(event.time_ns, Some(1_795_446_852_000_000_000));
}

#[test]
fn a_message_may_hold_several_events_and_one_bad_line_spoils_only_itself() {
    let read = events(b"# first\nnodestate event=\"{}\" 5\r\njob,function event=\"x\"\n\njob,function=start_job event=\"y\"");
    assert_eq!(read.len(), 3);
    let first = read[0].as_ref().unwrap();
    assert_eq!(
        (first.measurement.as_ref(), first.event.as_ref(), first.time_ns),
        ("nodestate", "{}", Some(5_000_000_000))
    );
    assert_eq!(read[1], Err(Problem::Tag));
    assert_eq!(read[2].as_ref().unwrap().event, "y");
    assert_eq!(read[2].as_ref().unwrap().time_ns, None);
}

#[test]
fn a_text_may_go_over_several_lines() {
    let read = events(b"job event=\"{\r\n  \\\"a\\\": 1\n}\",x=1i 7\r\nnodestate event=\"z\" 8\n");
    assert_eq!(read[0].as_ref().unwrap().event, "{\r\n  \"a\": 1\n}");
    assert_eq!(read[1].as_ref().unwrap().event, "z");
    assert_eq!(read.len(), 2);
}

#[test]
fn a_quote_that_is_never_closed_does_not_swallow_the_next_event() {
    let read = events(b"job event=\"{\njob event=\"{}\" 7\n");
    assert_eq!(read[0], Err(Problem::OpenText));
    assert_eq!(read[1].as_ref().unwrap().event, "{}");
}

#[test]
fn a_line_without_the_text_of_an_event_says_so() {
    assert_eq!(events(b"job value=1 5"), [Err(Problem::NoEvent)]);
    assert_eq!(events(b"job event=1 5"), [Err(Problem::NoEvent)]);
    assert_eq!(events(b"job event=\"\xff\" 5"), [Err(Problem::NotUtf8)]);
    assert_eq!(events(b""), []);
}

proptest! {
    #[test]
    fn any_text_comes_back_as_it_was_sent(text: String) {
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
        let message = format!("job,function=start_job event=\"{escaped}\" 1795446852000000000\n");
        let read: Vec<_> = events(message.as_bytes());
        prop_assert_eq!(read.len(), 1);
        prop_assert_eq!(read[0].as_ref().unwrap().event.as_ref(), text.as_str());
    }

    #[test]
    fn no_message_makes_it_panic_or_go_on_for_ever(message in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(events(&message).len() <= message.len());
    }

    #[test]
    fn no_message_of_likely_characters_does_either(message in "[a,=\"\\\\ \r\nevnt1.-]{0,200}") {
        prop_assert!(events(message.as_bytes()).len() <= message.len());
    }
}
