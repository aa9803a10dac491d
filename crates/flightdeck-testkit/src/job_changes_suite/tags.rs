//! Tags that are put on jobs, taken off them, and deleted everywhere.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use crate::builders::{archived_job, audit_entry, every_job};
use crate::store_under_test::{StoreUnderTest, tag};
use crate::wait;
use flightdeck_model::{
    AuditAction, ChangedJob, DeletedTags, JobChangeError, JobDbId, JobVisibility, Tag, TagFilter,
};

pub(super) fn check(make: &dyn Fn() -> StoreUnderTest) {
    a_tag_is_type_name_and_scope(make());
    tagging_twice_changes_nothing(make());
    jobs_share_a_tag(make());
    a_list_is_put_on_whole_or_not_at_all(make());
    taking_off_leaves_the_tag(make());
    deleting_takes_it_off_every_job(make());
    a_deleted_tag_comes_back_as_another(make());
    hidden_and_missing_jobs_look_the_same(make());
    private_tags_stay_private(make());
}

const MOST: usize = 256;

/// Type, name and scope of the job's tags, sorted; whoever may see them.
fn labels(store: &StoreUnderTest, id: JobDbId) -> Vec<(String, String, String)> {
    let tags = store.ports.job_labels(id).unwrap().unwrap().tags;
    let mut names: Vec<_> = tags.into_iter().map(|known| (known.tag_type, known.name, known.scope)).collect();
    names.sort_unstable();
    names
}

fn triple(tag_type: &str, name: &str, scope: &str) -> (String, String, String) {
    (tag_type.to_owned(), name.to_owned(), scope.to_owned())
}

/// How many jobs carry a tag of this name that those who see all can see.
fn tagged(store: &StoreUnderTest, name: &str) -> usize {
    let mut selection = every_job();
    selection.filter.tags = vec![TagFilter { tag_type: None, name: name.to_owned() }];
    store.listed(&selection).len()
}

fn a_tag_is_type_name_and_scope(store: StoreUnderTest) {
    let store = store.with_running([archived_job(1).as_started()]);
    let id = store.job(1).id;
    let tags = [
        tag("app", "vasp", "global"),
        tag("app", "vasp", "admin"),
        tag("app", "VASP", "global"),
        tag("App", "vasp", "global"),
        tag("app", "vasp", "mona"),
    ];
    let changed = store.add_tags(id, &tags).unwrap();
    assert_eq!(changed, ChangedJob { id, archive_is_behind: false });
    assert_eq!(labels(&store, id).len(), 5);
    let shown = store.job(1).tags;
    assert_eq!(shown.len(), 4, "all but the private one");
    let mut ids: Vec<i64> = shown.iter().map(|known| known.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert!(ids.len() == 4 && ids.iter().all(|number| *number > 0), "each has a number of its own: {ids:?}");
}

fn tagging_twice_changes_nothing(store: StoreUnderTest) {
    let store = store.with_running([archived_job(1).as_started()]);
    let id = store.job(1).id;
    let vasp = tag("app", "vasp", "global");
    store.add_tags(id, std::slice::from_ref(&vasp)).unwrap();
    let before = store.job(1).tags;
    store.add_tags(id, std::slice::from_ref(&vasp)).unwrap();
    store.add_tags(id, &[vasp.clone(), vasp]).unwrap();
    store.add_tags(id, &[]).unwrap();
    assert_eq!(store.job(1).tags, before);
    assert_eq!(tagged(&store, "vasp"), 1);
}

fn jobs_share_a_tag(store: StoreUnderTest) {
    let store = store.with([archived_job(2).tag("app", "vasp", "global").build()]).with_running([
        archived_job(1).as_started(),
        archived_job(3).tag("app", "vasp", "global").as_started(),
    ]);
    store.add_tags(store.job(1).id, &[tag("app", "vasp", "global")]).unwrap();
    assert_eq!(store.job(1).tags, store.job(2).tags);
    assert_eq!(store.job(1).tags, store.job(3).tags);
    assert_eq!(tagged(&store, "vasp"), 3);
}

fn numbered(range: std::ops::Range<usize>) -> Vec<Tag> {
    range.map(|number| tag("n", &format!("t{number}"), "global")).collect()
}

fn a_list_is_put_on_whole_or_not_at_all(store: StoreUnderTest) {
    let store = store.with_running([archived_job(1).as_started(), archived_job(2).as_started()]);
    let id = store.job(1).id;
    let refused = store.add_tags(id, &numbered(0..MOST + 1));
    assert!(matches!(refused, Err(JobChangeError::TooManyTags { most: MOST })), "{refused:?}");
    assert!(labels(&store, id).is_empty(), "none of them");
    assert_eq!(tagged(&store, "t0"), 0);

    store.add_tags(id, &numbered(0..MOST)).unwrap();
    assert_eq!(labels(&store, id).len(), MOST);
    assert!(matches!(store.add_tags(id, &numbered(0..MOST + 1)), Err(JobChangeError::TooManyTags { .. })));
    assert!(store.add_tags(id, &numbered(0..MOST)).is_ok(), "those that it has add nothing");
    assert_eq!(labels(&store, id).len(), MOST);
    store.remove_tags(id, &numbered(0..1)).unwrap();
    assert!(store.add_tags(id, &numbered(MOST..MOST + 1)).is_ok(), "there is room again");
    let twice: Vec<Tag> = numbered(0..MOST).into_iter().chain(numbered(0..MOST)).collect();
    assert!(store.add_tags(store.job(2).id, &twice).is_ok(), "a tag that is named twice counts once");
}

fn taking_off_leaves_the_tag(store: StoreUnderTest) {
    let with_tags = |job_id| archived_job(job_id).tag("app", "vasp", "global").tag("app", "vasp", "admin");
    let store = store.with_running([with_tags(1).as_started(), with_tags(2).as_started()]);
    let (first, second) = (store.job(1).id, store.job(2).id);
    store.remove_tags(first, &[tag("app", "vasp", "admin")]).unwrap();
    assert_eq!(labels(&store, first), [triple("app", "vasp", "global")]);
    assert_eq!(labels(&store, second).len(), 2, "the other job keeps it");
    for unknown in
        [tag("app", "vasp", "admin"), tag("app", "unheard of", "global"), tag("app", "vasp", "mona")]
    {
        assert!(store.remove_tags(first, &[unknown]).is_ok(), "what is not there changes nothing");
    }
    assert_eq!(labels(&store, first), [triple("app", "vasp", "global")]);
    let number_of = |id| store.find(id).unwrap().tags.into_iter().find(|known| known.scope == "global");
    store.remove_tags(first, &[tag("app", "vasp", "global")]).unwrap();
    store.add_tags(first, &[tag("app", "vasp", "global")]).unwrap();
    assert_eq!(number_of(first), number_of(second), "it is the same tag still");
}

fn delete(store: &StoreUnderTest, tags: &[Tag]) -> DeletedTags {
    wait(store.ports.delete_tags(tags.to_vec(), audit_entry(AuditAction::DeleteTags, "tags"))).unwrap()
}

fn deleting_takes_it_off_every_job(store: StoreUnderTest) {
    let with_tags = |job_id| archived_job(job_id).tag("a", "x", "global").tag("a", "y", "global");
    let store = store.with([with_tags(1).build()]).with_running([with_tags(2).as_started()]);
    let wanted = [
        tag("a", "x", "global"),
        tag("a", "x", "global"),
        tag("a", "x", "admin"),
        tag("a", "unheard of", "global"),
    ];
    let gone = delete(&store, &wanted);
    assert_eq!(gone, DeletedTags { deleted: 1, jobs_behind: vec![store.job(1).id] });
    for job_id in [1, 2] {
        assert_eq!(labels(&store, store.job(job_id).id), [triple("a", "y", "global")]);
        assert_eq!(store.job(job_id).tags.len(), 1);
    }
    assert_eq!((tagged(&store, "x"), tagged(&store, "y")), (0, 2));
    assert_eq!(delete(&store, &wanted), DeletedTags::default(), "again");
    assert_eq!(delete(&store, &[]), DeletedTags::default());
    store.add_tags(store.job(2).id, &[tag("b", "unused", "global")]).unwrap();
    store.remove_tags(store.job(2).id, &[tag("b", "unused", "global")]).unwrap();
    assert_eq!(delete(&store, &[tag("b", "unused", "global")]).deleted, 1, "a tag that no job has");
}

fn a_deleted_tag_comes_back_as_another(store: StoreUnderTest) {
    let store = store.with_running([archived_job(1).tag("a", "x", "global").as_started()]);
    let number = |job_id| store.job(job_id).tags.pop().unwrap().id;
    let first = number(1);
    delete(&store, &[tag("a", "x", "global")]);
    store.add_tags(store.job(1).id, &[tag("a", "x", "global")]).unwrap();
    assert_ne!(number(1), first, "numbers are not used again");
    assert_eq!(tagged(&store, "x"), 1);
}

fn hidden_and_missing_jobs_look_the_same(store: StoreUnderTest) {
    let store = store.with_running([archived_job(1).user("otto").project("art").as_started()]);
    let id = store.job(1).id;
    let otto = JobVisibility::Own { username: "otto".to_owned() };
    let mona = JobVisibility::Own { username: "mona".to_owned() };
    let manager = |project: &str| JobVisibility::ProjectsAndOwn {
        projects: vec![project.to_owned()],
        username: "mona".to_owned(),
    };
    let audit = || audit_entry(AuditAction::TagJob, "job");
    let tags = || vec![tag("a", "x", "mona")];
    for (job, visibility) in [(id, mona), (id, manager("physics")), (JobDbId(id.0 + 1), JobVisibility::All)] {
        let added = wait(store.ports.add_tags(job, visibility.clone(), tags(), audit()));
        assert!(matches!(added, Err(JobChangeError::NotFound)), "{visibility:?}: {added:?}");
        let removed = wait(store.ports.remove_tags(job, visibility.clone(), tags(), audit()));
        assert!(matches!(removed, Err(JobChangeError::NotFound)), "{visibility:?}: {removed:?}");
    }
    assert!(labels(&store, id).is_empty());
    for visibility in [otto, manager("art"), JobVisibility::All] {
        assert!(wait(store.ports.add_tags(id, visibility.clone(), tags(), audit())).is_ok());
        assert!(wait(store.ports.remove_tags(id, visibility, tags(), audit())).is_ok());
    }
}

fn private_tags_stay_private(store: StoreUnderTest) {
    let store = store.with_running([archived_job(1).as_started()]);
    let id = store.job(1).id;
    store.add_tags(id, &[tag("note", "slow", "mona"), tag("note", "slow", "otto")]).unwrap();
    assert!(store.job(1).tags.is_empty(), "an administrator does not see them");
    assert_eq!(tagged(&store, "slow"), 0);
    store.remove_tags(id, &[tag("note", "slow", "mona")]).unwrap();
    assert_eq!(labels(&store, id), [triple("note", "slow", "otto")], "one of them is not the other");
}
