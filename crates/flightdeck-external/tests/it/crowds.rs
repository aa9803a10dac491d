//! Many who ask at once, of a server that answers when the test says so.

use crate::scripted_server::{HandSetClock, Reply, SPAN, answer, answer_of, node, read_request, series};
use flightdeck_external::{ExternalStore, Options};
use flightdeck_model::{Clock, MetricSource, PortError, PortErrorKind, SeriesAnswer};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Nobody waits for so long.
const FOR_EVER: Duration = Duration::from_hours(1);

struct HeldServer {
    url: String,
    held: Mutex<Receiver<TcpStream>>,
}

/// A question that was read and has no answer yet.
struct HeldQuestion(TcpStream);

impl HeldServer {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, held) = channel();
        thread::spawn(move || {
            while let Ok((connection, _)) = listener.accept() {
                read_request(&connection);
                if sender.send(connection).is_err() {
                    break;
                }
            }
        });
        Self { url, held: Mutex::new(held) }
    }

    fn store(&self, turn_wait: Duration, clock: &Arc<HandSetClock>) -> ExternalStore {
        let options = Options { turn_wait, ..Options::new(&self.url, "") };
        ExternalStore::new(options, Arc::clone(clock) as Arc<dyn Clock>).unwrap()
    }

    /// Waits for the next question.
    fn next(&self) -> HeldQuestion {
        HeldQuestion(self.held.lock().unwrap().recv_timeout(Duration::from_secs(10)).unwrap())
    }

    fn further(&self) -> usize {
        self.held.lock().unwrap().try_iter().count()
    }
}

impl HeldQuestion {
    fn answer(mut self) {
        let reply: Reply = answer_of(&[&[series("1")]]);
        answer(&mut self.0, reply).unwrap();
    }
}

fn ask(store: &ExternalStore) -> Result<Vec<SeriesAnswer>, PortError> {
    store.read_series("emmy", &[node("n01")], SPAN)
}

#[track_caller]
fn assert_refused(store: &ExternalStore, url: &str) {
    let refused = ask(store).unwrap_err();
    assert_eq!(refused.kind, PortErrorKind::NoAnswer);
    let text = format!("the metric store {url} of this cluster does not answer: 2 questions are waiting");
    assert!(refused.what.starts_with(&text), "{refused:?}");
}

#[test]
fn a_store_that_hangs_holds_two_who_ask_and_no_more() {
    let server = HeldServer::new();
    let store = server.store(Duration::from_millis(1), &Arc::default());
    thread::scope(|scope| {
        let askers = [scope.spawn(|| ask(&store)), scope.spawn(|| ask(&store))];
        let questions = [server.next(), server.next()];
        for _ in 0..3 {
            assert_refused(&store, &server.url);
        }
        assert_eq!(server.further(), 0, "those are not even asked");
        questions.into_iter().for_each(HeldQuestion::answer);
        for asker in askers {
            assert_eq!(asker.join().unwrap().unwrap()[0].series[0].values, [1.0]);
        }
        // It is no failure of the store, and there is room again.
        let next = scope.spawn(|| ask(&store));
        server.next().answer();
        assert!(next.join().unwrap().is_ok());
    });
}

#[test]
fn who_comes_when_two_are_asking_waits_for_a_turn() {
    let server = HeldServer::new();
    let store = server.store(FOR_EVER, &Arc::default());
    thread::scope(|scope| {
        let askers: Vec<_> = (0..5).map(|_| scope.spawn(|| ask(&store))).collect();
        let mut under_way = vec![server.next(), server.next()];
        for _ in 0..3 {
            assert_eq!(server.further(), 0, "two at once");
            under_way.remove(0).answer();
            under_way.push(server.next());
        }
        under_way.into_iter().for_each(HeldQuestion::answer);
        assert!(askers.into_iter().all(|asker| asker.join().unwrap().is_ok()));
    });
}

#[test]
fn nobody_waits_behind_a_question_that_has_been_waiting_for_long() {
    let server = HeldServer::new();
    let clock = Arc::new(HandSetClock::default());
    let store = server.store(FOR_EVER, &clock);
    thread::scope(|scope| {
        let askers = [scope.spawn(|| ask(&store)), scope.spawn(|| ask(&store))];
        let questions = [server.next(), server.next()];
        clock.advance(2);
        assert_refused(&store, &server.url);
        questions.into_iter().for_each(HeldQuestion::answer);
        assert!(askers.into_iter().all(|asker| asker.join().unwrap().is_ok()));
    });
}

#[test]
fn who_waits_for_a_turn_does_not_ask_a_store_that_failed_meanwhile() {
    let server = HeldServer::new();
    let store = server.store(FOR_EVER, &Arc::default());
    thread::scope(|scope| {
        let askers: Vec<_> = (0..5).map(|_| scope.spawn(|| ask(&store))).collect();
        let questions = [server.next(), server.next()];
        // Connections that are closed without an answer.
        drop(questions);
        assert!(askers.into_iter().all(|asker| asker.join().unwrap().is_err()));
    });
    assert_eq!(server.further(), 0, "its failure is known before their turn comes");
}
