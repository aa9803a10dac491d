//! What became of all lines is told to whoever looks after the server.

use crate::site::{NOW_S, Site, try_write};
use flightdeck_metrics::SampleStore;
use flightdeck_model::{MetricStore, UnixTime};
use flightdeck_sample_log::testing::{Fault, FaultyDisk};
use flightdeck_sample_log::{Disk, OsDisk};
use std::io::ErrorKind;
use std::sync::Arc;

fn told(store: &SampleStore) -> String {
    store.hold(Vec::new());
    let text = store.maintain(UnixTime(NOW_S)).unwrap();
    text.split_once("lines since the start: ").unwrap().1.to_owned()
}

#[test]
fn maintenance_says_what_became_of_the_lines_of_all_bodies() {
    let site = Site::alpha();
    let (store, _) = site.open();
    assert_eq!(told(&store), "0 stored, 0 bad, 0 skipped");
    try_write(&store, "load,cluster=alpha,hostname=a1 value=1\nload,cluster=alpha,hostname=a2 value=1\n")
        .unwrap();
    // Nothing of these is stored; of the last one nothing is well formed either.
    try_write(&store, "load,cluster=gamma,hostname=a1 value=1\nm,hostname=a1 event=\"it rains\"\n").unwrap();
    try_write(&store, "load\n").unwrap();
    try_write(&store, "load,cluster=gamma,hostname=a1 value=1\nload,cluster=alpha,hostname=a1 value=2\n")
        .unwrap();
    assert_eq!(told(&store), "3 stored, 1 bad, 3 skipped (event: 1, unknown cluster: 2)");
}

#[test]
fn a_body_that_was_not_stored_does_not_count() {
    let site = Site::alpha();
    let disk = FaultyDisk::new(Arc::new(OsDisk));
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let (store, _) = site.open_on(&shared).unwrap();
    let body = "load,cluster=alpha,hostname=a1 value=1\nload,cluster=gamma,hostname=a1 value=1\n";
    disk.fail(Fault { operation: 1, error: ErrorKind::StorageFull, is_half_written: false, is_crash: false });
    assert!(try_write(&store, body).is_err());
    assert_eq!(told(&store), "0 stored, 0 bad, 0 skipped");
    try_write(&store, body).unwrap();
    assert_eq!(told(&store), "1 stored, 0 bad, 1 skipped (unknown cluster: 1)");
}
