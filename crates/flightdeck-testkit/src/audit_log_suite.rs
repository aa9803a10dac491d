//! What every audit log has to do.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::builders::audit_entry;
use crate::store_under_test::{ALL, StoreUnderTest};
use crate::wait;
use flightdeck_model::{
    AuditAction, AuditEntry, AuditFilter, AuditOutcome, Origin, Page, Range, RecordedEntry, UnixTime,
};

/// Checks an [`AuditLog`](flightdeck_model::AuditLog); `make` makes an empty store.
///
/// # Panics
///
/// When the store does not keep a promise of the port.
pub fn audit_log_suite(make: impl Fn() -> StoreUnderTest) {
    all_of_an_entry_is_kept(&make());
    every_action_and_outcome_is_kept(&make());
    the_newest_comes_first(&make());
    conditions_choose_entries(&make());
    conditions_must_all_hold(&make());
    pages_join_into_the_log(&make());
    odd_texts_are_kept(&make());
}

fn record(store: &StoreUnderTest, entry: AuditEntry) {
    wait(store.ports.record(entry)).unwrap();
}

fn listed(store: &StoreUnderTest, filter: &AuditFilter) -> Vec<RecordedEntry> {
    let page = store.ports.list_entries(filter, ALL).unwrap();
    assert_eq!(page.total, page.entries.len() as u64);
    page.entries
}

fn objects(store: &StoreUnderTest, filter: &AuditFilter) -> Vec<String> {
    listed(store, filter).into_iter().map(|recorded| recorded.entry.object).collect()
}

fn all_of_an_entry_is_kept(store: &StoreUnderTest) {
    let full = AuditEntry {
        time: UnixTime(1_760_000_000),
        origin: Origin {
            username: "mona".to_owned(),
            address: "2001:db8::1".to_owned(),
            request_id: "f00-17".to_owned(),
        },
        action: AuditAction::EditMeta,
        object: "alpha/4711/1760000000".to_owned(),
        outcome: AuditOutcome::Refused,
        detail: "there is no such job".to_owned(),
    };
    let empty = AuditEntry {
        origin: Origin::default(),
        object: String::new(),
        detail: String::new(),
        ..full.clone()
    };
    record(store, full.clone());
    record(store, empty.clone());
    let entries: Vec<AuditEntry> = store.audit_entries();
    assert_eq!(entries, [empty, full]);
}

fn every_action_and_outcome_is_kept(store: &StoreUnderTest) {
    for action in AuditAction::ALL {
        record(store, audit_entry(action, "object"));
    }
    for outcome in AuditOutcome::ALL {
        record(store, AuditEntry { outcome, ..audit_entry(AuditAction::StartJob, "object") });
    }
    let actions = AuditAction::ALL.map(|action| (action, AuditOutcome::Done)).into_iter();
    let outcomes = AuditOutcome::ALL.map(|outcome| (AuditAction::StartJob, outcome));
    let mut expected: Vec<(AuditAction, AuditOutcome)> = actions.chain(outcomes).collect();
    expected.reverse();
    let found: Vec<_> = store.audit_entries().iter().map(|entry| (entry.action, entry.outcome)).collect();
    assert_eq!(found, expected);
}

fn the_newest_comes_first(store: &StoreUnderTest) {
    assert!(listed(store, &AuditFilter::default()).is_empty());
    for (object, time_s) in [("first", 200), ("second", 100), ("third", 200)] {
        record(store, AuditEntry { time: UnixTime(time_s), ..audit_entry(AuditAction::StopJob, object) });
    }
    assert_eq!(objects(store, &AuditFilter::default()), ["third", "second", "first"], "as they came in");
    let ids: Vec<i64> = listed(store, &AuditFilter::default()).iter().map(|recorded| recorded.id).collect();
    assert!(ids.windows(2).all(|pair| matches!(pair, [newer, older] if newer > older)), "{ids:?}");
}

fn entry(
    object: &str,
    username: &str,
    action: AuditAction,
    outcome: AuditOutcome,
    time_s: i64,
) -> AuditEntry {
    let origin = Origin { username: username.to_owned(), ..Origin::default() };
    AuditEntry { time: UnixTime(time_s), origin, outcome, ..audit_entry(action, object) }
}

fn fill(store: &StoreUnderTest) {
    for new in [
        entry("a", "mona", AuditAction::StartJob, AuditOutcome::Done, 100),
        entry("b", "Mona", AuditAction::StopJob, AuditOutcome::Refused, 200),
        entry("c", "mona", AuditAction::StopJob, AuditOutcome::Failed, 300),
        entry("a", "otto", AuditAction::TagJob, AuditOutcome::Done, 400),
    ] {
        record(store, new);
    }
}

fn conditions_choose_entries(store: &StoreUnderTest) {
    fill(store);
    let text = |name: &str| Some(name.to_owned());
    let none = AuditFilter::default;
    let time = |from, to| AuditFilter { time: Some(Range { from, to }), ..none() };
    let actions = |actions: &[AuditAction]| AuditFilter { actions: actions.to_vec(), ..none() };
    let outcomes = |outcomes: &[AuditOutcome]| AuditFilter { outcomes: outcomes.to_vec(), ..none() };
    for (filter, expected) in [
        (none(), vec!["a", "c", "b", "a"]),
        (AuditFilter { username: text("mona"), ..none() }, vec!["c", "a"]),
        (AuditFilter { username: text("m%"), ..none() }, vec![]),
        (AuditFilter { username: text(""), ..none() }, vec![]),
        (AuditFilter { object: text("a"), ..none() }, vec!["a", "a"]),
        (AuditFilter { object: text("A"), ..none() }, vec![]),
        (actions(&[AuditAction::StopJob]), vec!["c", "b"]),
        (actions(&[AuditAction::StopJob, AuditAction::TagJob, AuditAction::StopJob]), vec!["a", "c", "b"]),
        (actions(&[AuditAction::DeleteJob]), vec![]),
        (actions(&AuditAction::ALL), vec!["a", "c", "b", "a"]),
        (outcomes(&[AuditOutcome::Refused]), vec!["b"]),
        (outcomes(&[AuditOutcome::Done, AuditOutcome::Failed]), vec!["a", "c", "a"]),
        (time(Some(200), Some(300)), vec!["c", "b"]),
        (time(Some(201), None), vec!["a", "c"]),
        (time(None, Some(100)), vec!["a"]),
        (time(None, None), vec!["a", "c", "b", "a"]),
        (time(Some(300), Some(200)), vec![]),
    ] {
        assert_eq!(objects(store, &filter), expected, "{filter:?}");
    }
}

fn conditions_must_all_hold(store: &StoreUnderTest) {
    fill(store);
    let full = AuditFilter {
        username: Some("mona".to_owned()),
        actions: vec![AuditAction::StartJob, AuditAction::StopJob],
        outcomes: vec![AuditOutcome::Done, AuditOutcome::Failed],
        object: Some("c".to_owned()),
        time: Some(Range { from: Some(300), to: Some(300) }),
    };
    assert_eq!(objects(store, &full), ["c"]);
    for (what, other) in [
        ("username", AuditFilter { username: Some("otto".to_owned()), ..full.clone() }),
        ("actions", AuditFilter { actions: vec![AuditAction::TagJob], ..full.clone() }),
        ("outcomes", AuditFilter { outcomes: vec![AuditOutcome::Done], ..full.clone() }),
        ("object", AuditFilter { object: Some("a".to_owned()), ..full.clone() }),
        ("time", AuditFilter { time: Some(Range { from: Some(301), to: None }), ..full }),
    ] {
        assert!(objects(store, &other).is_empty(), "{what}");
    }
}

fn pages_join_into_the_log(store: &StoreUnderTest) {
    for number in 1..=7 {
        let action = if number % 2 == 0 { AuditAction::StopJob } else { AuditAction::StartJob };
        record(store, audit_entry(action, &number.to_string()));
    }
    let stops = AuditFilter { actions: vec![AuditAction::StopJob], ..AuditFilter::default() };
    for (filter, total, expected) in [(AuditFilter::default(), 7, "7654321"), (stops, 3, "642")] {
        let mut joined = String::new();
        for offset in (0..9).step_by(2) {
            let page = store.ports.list_entries(&filter, Page { offset, limit: 2 }).unwrap();
            assert_eq!(page.total, total, "the total does not depend on the page");
            joined.extend(page.entries.into_iter().map(|recorded| recorded.entry.object));
        }
        assert_eq!(joined, expected);
        let whole = store.ports.list_entries(&filter, Page { offset: 1, limit: u64::MAX }).unwrap();
        assert_eq!(whole.entries.len() as u64, total - 1);
        for page in [Page { offset: u64::MAX, limit: 5 }, Page { offset: 0, limit: 0 }] {
            let nothing = store.ports.list_entries(&filter, page).unwrap();
            assert_eq!((nothing.entries.len(), nothing.total), (0, total), "{page:?}");
        }
    }
}

fn odd_texts_are_kept(store: &StoreUnderTest) {
    for odd in ["o'hara' OR '1'='1", "100% _", "\"a\" \\ \n", "\u{1f680}\u{10ffff}", "; DROP TABLE job --"] {
        let text = || odd.to_owned();
        let origin = Origin { username: text(), address: text(), request_id: text() };
        let sent = AuditEntry { origin, detail: text(), ..audit_entry(AuditAction::TagJob, odd) };
        record(store, sent.clone());
        let filter = AuditFilter { username: Some(text()), object: Some(text()), ..AuditFilter::default() };
        let found: Vec<AuditEntry> =
            listed(store, &filter).into_iter().map(|recorded| recorded.entry).collect();
        assert_eq!(found, [sent]);
    }
}
