//! Stores that do not answer, or not as they should.

use crate::scripted_server::{HandSetClock, Reply, SPAN, ScriptedServer, answer_of, node, series};
use flightdeck_external::{ExternalStore, Options};
use flightdeck_model::{MetricSource, PortError, PortErrorKind};
use std::error::Error;
use std::iter;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The error with its causes, as it would be logged.
fn in_full(error: &PortError) -> String {
    let first: &(dyn Error + 'static) = error;
    let causes = iter::successors(Some(first), |cause| (*cause).source());
    causes.map(|cause| format!("{cause} {cause:?}")).collect::<Vec<_>>().join(": ")
}

#[track_caller]
fn assert_fails(store: &ExternalStore, url: &str, reason: &str) {
    let error = store.read_series("emmy", &[node("n01")], SPAN).unwrap_err();
    assert_eq!(error.kind, PortErrorKind::NoAnswer, "{error:?}");
    assert!(error.what.contains(url), "{}", error.what);
    let text = in_full(&error);
    assert!(text.contains(reason), "{text} does not say {reason:?}");
    assert!(!text.contains("s3cret"), "{text}");
}

#[test]
fn what_is_no_answer_is_said_with_the_address_and_without_the_token() {
    let half = br#"{"results": [[{"data": [1, 2, "#;
    let cut_off = [b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n".as_slice(), half].concat();
    let cut_off_chunk =
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1d\r\n".as_slice(), half].concat();
    for (reply, reason) in [
        (Reply::Answer(401, String::new(), "Unauthorized s3cret-token".to_owned()), "status 401"),
        (Reply::Answer(500, String::new(), "{}".to_owned()), "status 500"),
        (Reply::Answer(204, String::new(), String::new()), "status 204"),
        (Reply::ok("<html>log in here</html>"), "cannot be understood"),
        (Reply::ok("\u{0}\u{1}\u{2}"), "cannot be understood"),
        (Reply::ok(r#"{"results": []}"#), "cannot be understood"),
        (Reply::ok(r#"{"results": [[], []]}"#), "cannot be understood"),
        (Reply::ok(std::str::from_utf8(half).unwrap()), "cannot be understood"),
        (Reply::Bytes(cut_off), "did not answer"),
        (Reply::Bytes(cut_off_chunk), "did not answer"),
        (Reply::Bytes(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()), "did not answer"),
        (Reply::Bytes(Vec::new()), "did not answer"),
    ] {
        let server = ScriptedServer::new(vec![reply]);
        assert_fails(&server.store(), &server.url, reason);
    }
}

#[test]
fn a_server_that_takes_too_long_is_given_up_wherever_it_stops() {
    for sent in
        ["", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"results\": ["]
    {
        let server = ScriptedServer::new(vec![Reply::Stall(sent.as_bytes().to_vec())]);
        let quick = |options| Options { timeout: Duration::from_millis(150), ..options };
        let begun = Instant::now();
        assert_fails(&server.store_with(quick, &Arc::default()), &server.url, "timeout");
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}

#[test]
fn an_answer_that_is_too_long_is_not_taken() {
    let exact = r#"{"results": [[]]}"#;
    let limit_bytes = u64::try_from(exact.len()).unwrap();
    let limited = |options| Options { answer_limit_bytes: limit_bytes, ..options };
    let server = ScriptedServer::new(vec![
        Reply::ok(exact),
        Reply::ok(&format!("{exact} ")),
        // Without a length that could be believed or not.
        Reply::Bytes(format!("HTTP/1.1 200 OK\r\n\r\n{}", " ".repeat(1 << 20)).into_bytes()),
        Reply::ok(exact),
    ]);
    let store = server.store_with(limited, &Arc::default());
    assert!(store.read_series("emmy", &[node("n01")], SPAN).is_ok());
    assert_fails(&store, &server.url, "17 bytes");
    assert_fails(&store, &server.url, "17 bytes");
    // It does answer: who asks for less need not wait.
    assert!(store.read_series("emmy", &[node("n01")], SPAN).is_ok());
}

#[test]
fn the_token_goes_nowhere_else() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let address = elsewhere.local_addr().unwrap();
    for status in [301, 302, 303, 307, 308] {
        let location = format!("Location: http://{address}/api/query?version=v2\r\n");
        let server = ScriptedServer::new(vec![Reply::Answer(status, location, String::new())]);
        assert_fails(&server.store(), &server.url, &format!("status {status}"));
    }
    let came = elsewhere.accept();
    assert!(came.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock));
}

#[test]
fn a_store_that_failed_is_left_alone_for_some_seconds() {
    let good = || answer_of(&[&[series("1")]]);
    let server = ScriptedServer::new(vec![
        Reply::Answer(503, String::new(), String::new()),
        Reply::Bytes(Vec::new()),
        good(),
        good(),
    ]);
    let clock = Arc::new(HandSetClock::default());
    let store = server.store_with(|options| options, &clock);
    assert_fails(&store, &server.url, "answered with status 503");
    clock.advance(4);
    assert_fails(&store, &server.url, "failed 4 s ago: the metric store");
    assert_fails(&store, &server.url, "status 503");
    assert_eq!(server.further(), 1, "it was asked once");

    clock.advance(1);
    assert_fails(&store, &server.url, "did not answer");
    assert_fails(&store, &server.url, "left alone");
    assert_eq!(server.further(), 1);

    clock.advance(5);
    assert!(store.read_series("emmy", &[node("n01")], SPAN).is_ok());
    assert!(store.read_series("emmy", &[node("n01")], SPAN).is_ok());
}

#[test]
fn a_server_that_is_not_there_is_said_at_once() {
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let options = Options::new(&nobody, "s3cret-token");
    let store = ExternalStore::new(options, Arc::new(HandSetClock::default())).unwrap();
    assert_fails(&store, &nobody, "did not answer");
    assert_fails(&store, &nobody, "left alone");
}
