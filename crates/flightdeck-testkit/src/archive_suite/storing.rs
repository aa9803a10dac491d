//! Finished jobs that come into an archive.

#![expect(clippy::unwrap_used, reason = "a suite fails where something is missing")]

use super::{ArchiveUnderTest, cluster_json, data, full_job, job, locations, read};
use flightdeck_model::{FinishedJob, JobData, JobMeta};
use std::collections::BTreeMap;

pub(super) fn check<Fixture: ArchiveUnderTest>(empty: &dyn Fn() -> Fixture) {
    a_stored_job_is_read_as_it_was(&empty());
    a_second_time_replaces_the_first(&empty());
    a_stored_job_is_like_any_other(&empty());
}

fn finished(meta: JobMeta) -> FinishedJob {
    FinishedJob {
        meta,
        energy_kwh: 1.25,
        energy_footprint_kwh: BTreeMap::from([("node_power".to_owned(), 1.25)]),
        footprint: BTreeMap::from([("cpu_load_avg".to_owned(), 0.1 + 0.2)]),
    }
}

fn a_stored_job_is_read_as_it_was(fixture: &impl ArchiveUnderTest) {
    fixture.put_cluster("alpha", &cluster_json("alpha"));
    let meta = full_job();
    let key = meta.key();
    assert_eq!(fixture.archive().data_stamp(&key).unwrap(), None);
    let fingerprint = fixture.archive().store_job(&finished(meta.clone()), &data()).unwrap();
    let all = locations(fixture);
    let [location] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(read(fixture, location), (meta, fingerprint));
    let found = fixture.archive().load_data(&key).unwrap().unwrap();
    assert_eq!(format!("{found:?}"), format!("{:?}", data()));
    assert!(fixture.archive().data_stamp(&key).unwrap().is_some());
}

fn a_second_time_replaces_the_first(fixture: &impl ArchiveUnderTest) {
    fixture.put_cluster("alpha", &cluster_json("alpha"));
    let meta = job("alpha", 1, 100);
    let key = meta.key();
    let first = fixture.archive().store_job(&finished(meta.clone()), &data()).unwrap();
    let stamp = fixture.archive().data_stamp(&key).unwrap();
    assert_eq!(fixture.archive().store_job(&finished(meta.clone()), &data()).unwrap(), first, "the same");

    let longer = JobMeta { duration: 61, ..meta };
    let less: JobData = data().into_iter().take(1).collect();
    let second = fixture.archive().store_job(&finished(longer.clone()), &less).unwrap();
    assert_ne!(second, first);
    let all = locations(fixture);
    let [location] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(read(fixture, location), (longer, second));
    let found = fixture.archive().load_data(&key).unwrap().unwrap();
    assert_eq!(format!("{found:?}"), format!("{less:?}"));
    assert_ne!(fixture.archive().data_stamp(&key).unwrap(), stamp);
}

fn a_stored_job_is_like_any_other(fixture: &impl ArchiveUnderTest) {
    fixture.put_cluster("alpha", &cluster_json("alpha"));
    for job_id in [1, 2] {
        fixture.archive().store_job(&finished(job("alpha", job_id, 100)), &JobData::new()).unwrap();
    }
    let (kept, gone) = (job("alpha", 1, 100).key(), job("alpha", 2, 100).key());
    let labels = flightdeck_model::JobLabels {
        tags: Vec::new(),
        meta_data: BTreeMap::from([("issue".to_owned(), "slow".to_owned())]),
    };
    let fingerprint = fixture.archive().write_labels(&kept, &labels).unwrap();
    assert!(fixture.archive().remove_job(&gone).unwrap());
    let all = locations(fixture);
    let [location] = all.as_slice() else { panic!("{all:?}") };
    let (meta, of_file) = read(fixture, location);
    assert_eq!((meta.key(), meta.meta_data, Some(of_file)), (kept, labels.meta_data, fingerprint));
}
