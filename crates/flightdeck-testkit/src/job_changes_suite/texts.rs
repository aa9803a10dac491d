//! Texts, which are stored exactly, whatever is in them.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::builders::{PRESENT, archived_job, audit_entry, every_job};
use crate::store_under_test::{StoreUnderTest, newest, tag};
use crate::wait;
use flightdeck_model::{
    AuditAction, AuditEntry, JobFilter, JobMatch, JobState, JobVisibility, NewJob, Resource, TagFilter,
    WhichJob,
};
use std::collections::BTreeMap;

pub(super) fn check(make: &dyn Fn() -> StoreUnderTest) {
    for odd in odd_texts() {
        a_job_keeps_its_texts(&make(), &odd);
        labels_keep_their_texts(make(), &odd);
    }
    alike_is_not_the_same(make());
}

fn odd_texts() -> Vec<String> {
    let odd = [
        "o'hara' OR '1'='1",
        "quoted \"twice\" \\ and `back`",
        "100% _ [a-z]* ?",
        "\u{1f680} \u{10ffff} e\u{301} \u{200b}",
        "$1 ?1 :name {} {{}}",
        "line\nbreak\ttab\r\u{1}\u{7f}",
        " spaces ",
        "NULL",
        "-- ; DROP TABLE job",
    ];
    odd.into_iter().map(str::to_owned).chain(["x".repeat(255), "\u{1f680}".repeat(60)]).collect()
}

fn a_job_keeps_its_texts(store: &StoreUnderTest, odd: &str) {
    let text = || odd.to_owned();
    let plain = archived_job(1).cluster(odd).as_started();
    let sent = NewJob {
        subcluster: text(),
        user: text(),
        project: text(),
        partition: text(),
        resources: vec![Resource {
            hostname: text(),
            hwthreads: vec![1],
            accelerators: vec![text(), text()],
            configuration: text(),
        }],
        meta_data: BTreeMap::from([(text(), text())]),
        tags: vec![tag(odd, odd, "admin")],
        ..plain
    };
    let id = store.start(sent.clone()).unwrap();
    let found = store.find(id).unwrap();
    assert_eq!(found.key, sent.key);
    for kept in [&found.subcluster, &found.user, &found.project, &found.partition] {
        assert_eq!(kept, odd);
    }
    assert_eq!(found.resources().unwrap(), sent.resources);
    assert_eq!(store.ports.job_labels(id).unwrap().unwrap().meta_data, sent.meta_data);
    let names: Vec<_> = found.tags.into_iter().map(|known| (known.tag_type, known.name)).collect();
    assert_eq!(names, [(text(), text())]);

    let none = JobFilter::default;
    for filter in [
        JobFilter { cluster: Some(text()), ..none() },
        JobFilter { cluster: Some(text()), states: vec![JobState::Running], ..none() },
        JobFilter { subcluster: Some(text()), ..none() },
        JobFilter { user: Some(text()), ..none() },
        JobFilter { project: Some(text()), ..none() },
        JobFilter { partition: Some(text()), ..none() },
        JobFilter { node: Some(text()), ..none() },
        JobFilter { tags: vec![TagFilter { tag_type: Some(text()), name: text() }], ..none() },
    ] {
        let mut selection = every_job();
        selection.filter = filter;
        assert_eq!(store.listed(&selection), [1], "{selection:?}");
    }
    let end = JobMatch { cluster: Some(text()), ..newest(1) };
    assert_eq!(store.stop(end, JobState::Completed, PRESENT).unwrap().key, sent.key);
}

fn labels_keep_their_texts(store: StoreUnderTest, odd: &str) {
    let store = store.with_running([archived_job(1).as_started()]);
    let id = store.job(1).id;
    store.add_tags(id, &[tag(odd, odd, "global"), tag(odd, odd, odd)]).unwrap();
    let audit = AuditEntry { detail: odd.to_owned(), ..audit_entry(AuditAction::EditMeta, "job id 1") };
    let which = WhichJob::Id(id);
    wait(store.ports.set_metadata(which, JobVisibility::All, odd.to_owned(), odd.to_owned(), audit)).unwrap();
    let labels = store.ports.job_labels(id).unwrap().unwrap();
    assert_eq!(labels.meta_data, BTreeMap::from([(odd.to_owned(), odd.to_owned())]));
    let mut scopes: Vec<&str> = labels.tags.iter().map(|known| known.scope.as_str()).collect();
    scopes.sort_unstable();
    let mut expected = ["global", odd];
    expected.sort_unstable();
    assert_eq!(scopes, expected);
    assert!(labels.tags.iter().all(|known| known.tag_type == odd && known.name == odd));
    assert_eq!(store.audit_entries().first().map(|entry| entry.detail.as_str()), Some(odd));
    store.remove_tags(id, &[tag(odd, odd, odd)]).unwrap();
    assert_eq!(store.ports.job_labels(id).unwrap().unwrap().tags.len(), 1);
}

fn alike_is_not_the_same(store: StoreUnderTest) {
    let store = store.with_running([archived_job(1).user("o_hara").tag("a%", "b", "global").as_started()]);
    let mut of_user = every_job();
    for (user, expected) in [("o_hara", 1), ("oxhara", 0), ("%", 0), ("O_HARA", 0), ("o_hara ", 0)] {
        of_user.filter.user = Some(user.to_owned());
        assert_eq!(store.listed(&of_user).len(), expected, "{user}");
    }
    let id = store.job(1).id;
    store
        .remove_tags(id, &[tag("ax", "b", "global"), tag("%", "b", "global"), tag("A%", "b", "global")])
        .unwrap();
    assert_eq!(store.job(1).tags.len(), 1);
}
