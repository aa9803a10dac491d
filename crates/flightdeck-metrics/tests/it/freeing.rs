//! What was dropped on request stays away.

use crate::site::{NOW_S, Site, line, of_node, read_all, write};
use flightdeck_metrics::SampleStore;
use flightdeck_model::{MetricStore, UnixTime};
use flightdeck_sample_log::{Disk, FileEntry, OsDisk, ReadFile, WriteFile};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A block of the metric `load`.
const BLOCK_S: i64 = 256 * 60;

/// A disk on which a snapshot, when it is begun, waits until it may go on, or until it is clear that it will not be told.
#[derive(Debug)]
struct WaitingDisk {
    begun: SyncSender<()>,
    go_on: Mutex<Receiver<()>>,
}

impl Disk for WaitingDisk {
    fn create_folders(&self, folder: &Path) -> io::Result<()> {
        OsDisk.create_folders(folder)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        OsDisk.sync_folder(folder)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<FileEntry>> {
        OsDisk.list(folder)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        if path.to_string_lossy().contains(".new-snapshot-") {
            self.begun.send(()).unwrap();
            let _ = self.go_on.lock().unwrap().recv_timeout(Duration::from_millis(300));
        }
        OsDisk.create(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        OsDisk.open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        OsDisk.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        OsDisk.link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        OsDisk.remove(path)
    }
}

fn write_one(store: &SampleStore, host: &str, time_s: i64, value: f64) {
    write(store, &line(&of_node(host, "load"), time_s, value));
}

#[test]
fn what_was_freed_does_not_come_back() {
    let site = Site::alpha();
    let (store, _) = site.open();
    write_one(&store, "a1", NOW_S - 2 * BLOCK_S, 1.0);
    write_one(&store, "a1", NOW_S, 2.0);
    store.checkpoint().unwrap();
    assert_eq!(store.free(&[vec!["alpha".into()]], UnixTime(NOW_S - BLOCK_S)).unwrap(), 1);
    drop(store);
    let kept = BTreeMap::from([(NOW_S, 2.0)]);
    for _ in 0..2 {
        let (reopened, _) = site.open();
        assert_eq!(read_all(&reopened, &of_node("a1", "load")), kept);
        write_one(&reopened, "a2", NOW_S, 3.0);
        reopened.close().unwrap();
    }
    assert_eq!(read_all(&site.open().0, &of_node("a1", "load")), kept);
}

#[test]
fn only_what_was_asked_for_is_freed() {
    let site = Site::alpha();
    let (store, _) = site.open();
    for host in ["a1", "a2", "a3"] {
        write_one(&store, host, NOW_S - 2 * BLOCK_S, 1.0);
    }
    let path = |host: &str| vec!["alpha".to_owned(), host.to_owned()];
    let end_s = NOW_S - 2 * BLOCK_S + 60;
    assert_eq!(store.free(&[path("a1")], UnixTime(end_s)).unwrap(), 0, "the block ends then, not before");
    assert_eq!(store.free(&[path("a1"), path("a3"), path("a9")], UnixTime(end_s + 1)).unwrap(), 2);
    assert_eq!(store.free(&[vec!["beta".into()]], UnixTime(NOW_S)).unwrap(), 0);
    let samples = ["a1", "a2", "a3"].map(|host| read_all(&store, &of_node(host, "load")).len());
    assert_eq!(samples, [0, 1, 0]);
}

#[test]
fn what_was_freed_while_a_snapshot_was_written_does_not_come_back() {
    let site = Site::alpha();
    let (begun, when_begun) = sync_channel(1);
    let (let_go_on, go_on) = sync_channel(1);
    let disk: Arc<dyn Disk> = Arc::new(WaitingDisk { begun, go_on: Mutex::new(go_on) });
    let (store, _) = site.open_on(&disk).unwrap();
    write_one(&store, "a1", NOW_S, 1.0);
    thread::scope(|scope| {
        scope.spawn(|| store.checkpoint().unwrap());
        when_begun.recv().unwrap();
        write_one(&store, "a2", NOW_S, 1.0);
        scope.spawn(|| store.free(&[vec!["alpha".into(), "a2".into()]], UnixTime(NOW_S + 61)).unwrap());
        while !read_all(&store, &of_node("a2", "load")).is_empty() {
            thread::yield_now();
        }
        // Of the same block; when that was dropped it had the first one alone.
        write_one(&store, "a2", NOW_S + 120, 2.0);
        // Nobody listens any more when the snapshot did not wait so long.
        let _ = let_go_on.try_send(());
    });
    drop(store);
    let (reopened, _) = site.open();
    assert_eq!(read_all(&reopened, &of_node("a1", "load")), BTreeMap::from([(NOW_S, 1.0)]));
    assert_eq!(read_all(&reopened, &of_node("a2", "load")), BTreeMap::from([(NOW_S + 120, 2.0)]));
}
