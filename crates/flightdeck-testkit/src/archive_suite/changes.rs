//! What is changed in an archive: labels of jobs, and jobs that go.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use super::{ArchiveUnderTest, cluster_json, data, full_job, job, locations, read};
use flightdeck_model::{ArchiveEntry, JobKey, JobLabels, JobMeta, PortErrorKind, Tag};
use std::collections::BTreeMap;
use std::thread;

pub(super) fn check<Fixture: ArchiveUnderTest>(empty: &dyn Fn() -> Fixture) {
    labels_are_written_and_the_rest_stays(&empty());
    the_fingerprint_is_that_of_the_new_file(&empty());
    labels_of_what_is_not_there_are_not_written(&empty());
    a_damaged_job_stays_as_it_was(&empty());
    readers_see_the_old_or_the_new(&empty());
    a_removed_job_is_gone(&empty());
    what_is_not_there_is_not_removed(&empty());
}

fn labels(tags: &[(&str, &str, &str)], meta_data: &[(&str, &str)]) -> JobLabels {
    let tag = |&(tag_type, name, scope): &(&str, &str, &str)| Tag {
        id: 17,
        tag_type: tag_type.to_owned(),
        name: name.to_owned(),
        scope: scope.to_owned(),
    };
    let text = |&(key, value): &(&str, &str)| (key.to_owned(), value.to_owned());
    JobLabels { tags: tags.iter().map(tag).collect(), meta_data: meta_data.iter().map(text).collect() }
}

/// The job as it is in the archive, and its fingerprint.
fn found(fixture: &impl ArchiveUnderTest, key: &JobKey) -> (JobMeta, i64) {
    let all = locations(fixture);
    let mut jobs = all.iter().map(|location| read(fixture, location));
    jobs.find(|(meta, _)| meta.key() == *key).unwrap()
}

fn triples(meta: &JobMeta) -> Vec<(&str, &str, &str)> {
    meta.tags.iter().map(|tag| (tag.tag_type.as_str(), tag.name.as_str(), tag.scope.as_str())).collect()
}

fn labels_are_written_and_the_rest_stays(fixture: &impl ArchiveUnderTest) {
    fixture.put_cluster("alpha", &cluster_json("alpha"));
    let before = full_job();
    let key = before.key();
    fixture.put_job(&before);
    fixture.put_data(&key, &data());
    let odd = "o'hara \"1\" \\ \u{1f680}\n";
    let written =
        labels(&[("app", "vasp", "global"), ("note", odd, "mona")], &[("issue", odd), ("jobName", "x")]);
    fixture.archive().write_labels(&key, &written).unwrap().unwrap();

    let (after, _) = found(fixture, &key);
    assert_eq!(
        triples(&after),
        [("app", "vasp", "global"), ("note", odd, "mona")],
        "in place of the old ones"
    );
    let kept: BTreeMap<String, String> =
        before.meta_data.clone().into_iter().chain(written.meta_data).collect();
    assert_eq!(after.meta_data, kept, "what the file has beyond these stays");
    let unlabelled = |meta: JobMeta| JobMeta { tags: Vec::new(), meta_data: BTreeMap::new(), ..meta };
    assert_eq!(unlabelled(after), unlabelled(before));
    let kept_data = fixture.archive().load_data(&key).unwrap().unwrap();
    assert_eq!(format!("{kept_data:?}"), format!("{:?}", data()));

    fixture.archive().write_labels(&key, &labels(&[], &[("issue", "")])).unwrap().unwrap();
    let (again, _) = found(fixture, &key);
    assert!(again.tags.is_empty());
    assert_eq!(again.meta_data.get("issue").map(String::as_str), Some(""));
}

fn the_fingerprint_is_that_of_the_new_file(fixture: &impl ArchiveUnderTest) {
    fixture.put_cluster("alpha", &cluster_json("alpha"));
    let key = job("alpha", 1, 100).key();
    fixture.put_job(&job("alpha", 1, 100));
    let (_, before) = found(fixture, &key);
    let slow = labels(&[], &[("issue", "slow")]);
    let after = fixture.archive().write_labels(&key, &slow).unwrap().unwrap();
    assert_ne!(after, before);
    assert_eq!(found(fixture, &key).1, after);
    assert_eq!(fixture.archive().write_labels(&key, &slow).unwrap(), Some(after), "the same again");
}

fn labels_of_what_is_not_there_are_not_written(fixture: &impl ArchiveUnderTest) {
    fixture.put_cluster("alpha", &cluster_json("alpha"));
    fixture.put_job(&job("alpha", 1, 100));
    for other in
        [job("alpha", 2, 100), job("alpha", 1, 101), job("gamma", 1, 100), job("..", 1, 100), job("", 1, 1)]
    {
        let written = fixture.archive().write_labels(&other.key(), &labels(&[], &[("issue", "slow")]));
        assert_eq!(written.unwrap(), None, "{}", other.key());
    }
    assert_eq!(locations(fixture).len(), 1);
}

fn a_damaged_job_stays_as_it_was(fixture: &impl ArchiveUnderTest) {
    fixture.put_cluster("alpha", &cluster_json("alpha"));
    let key = job("alpha", 1, 100).key();
    fixture.put_job(&job("alpha", 1, 100));
    fixture.damage_job(&key);
    let refused = fixture.archive().write_labels(&key, &labels(&[], &[("issue", "slow")])).unwrap_err();
    assert_eq!(refused.kind, PortErrorKind::Corrupt);
    let all = locations(fixture);
    let entries: Vec<_> = all.iter().map(|location| fixture.archive().read_meta(location)).collect();
    assert!(matches!(entries.as_slice(), [ArchiveEntry::Problem(_)]), "{entries:?}");
}

fn readers_see_the_old_or_the_new(fixture: &impl ArchiveUnderTest) {
    fixture.put_cluster("alpha", &cluster_json("alpha"));
    let key = full_job().key();
    fixture.put_job(&full_job());
    let location = locations(fixture).pop().unwrap();
    thread::scope(|scope| {
        let reading = scope.spawn(|| (0..200).map(|_| read(fixture, &location).0.job_id).collect::<Vec<_>>());
        for number in 0..50 {
            let text = "x".repeat(number * 100);
            fixture.archive().write_labels(&key, &labels(&[], &[("issue", &text)])).unwrap().unwrap();
        }
        assert!(reading.join().unwrap().iter().all(|job_id| *job_id == key.job_id));
    });
}

fn a_removed_job_is_gone(fixture: &impl ArchiveUnderTest) {
    fixture.put_cluster("alpha", &cluster_json("alpha"));
    let [gone, without_data, kept] = [1, 2, 3].map(|job_id| job("alpha", job_id, 100));
    for meta in [&gone, &without_data, &kept] {
        fixture.put_job(meta);
    }
    for meta in [&gone, &kept] {
        fixture.put_data(&meta.key(), &data());
    }
    for meta in [&gone, &without_data] {
        let key = meta.key();
        assert!(fixture.archive().remove_job(&key).unwrap());
        assert!(!fixture.archive().remove_job(&key).unwrap(), "again");
        assert!(matches!(fixture.archive().load_data(&key), Ok(None)));
        assert_eq!(fixture.archive().data_stamp(&key).unwrap(), None);
        assert_eq!(fixture.archive().write_labels(&key, &labels(&[], &[])).unwrap(), None);
    }
    let all = locations(fixture);
    assert_eq!(all.iter().map(|location| read(fixture, location).0.job_id).collect::<Vec<_>>(), [3]);
    assert!(matches!(fixture.archive().load_data(&kept.key()), Ok(Some(_))), "others keep theirs");
    fixture.put_job(&gone);
    assert!(
        matches!(fixture.archive().load_data(&gone.key()), Ok(None)),
        "one that comes back has no old data"
    );
}

fn what_is_not_there_is_not_removed(fixture: &impl ArchiveUnderTest) {
    fixture.put_cluster("alpha", &cluster_json("alpha"));
    fixture.put_job(&job("alpha", 1, 100));
    for other in [
        job("alpha", 2, 100),
        job("alpha", 1, 101),
        job("gamma", 1, 100),
        job("..", 1, 100),
        job("a/b", 1, 100),
        job("", 1, 1),
    ] {
        assert!(!fixture.archive().remove_job(&other.key()).unwrap(), "{}", other.key());
    }
    assert_eq!(locations(fixture).len(), 1);
}
