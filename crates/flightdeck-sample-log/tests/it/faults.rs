//! Each operation of a scenario fails once, in every way: what was acknowledged is there afterwards, and it goes on.

use crate::sample_data::{BlockKey, Samples, block, open, record, replay, samples, value_of};
use flightdeck_sample_log::testing::{Fault, FaultyDisk};
use flightdeck_sample_log::{
    Disk, Durability, Log, LogError, LogOptions, LogStart, OsDisk, Record, SegmentNumber, SnapshotHead,
    Snapshots,
};
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A store as small as it can be: a block holds one sample, and its number is the sample's.
struct Store {
    log: Log,
    snapshots: Snapshots,
    samples: Samples,
    /// Those that no snapshot has yet.
    unsaved: BTreeSet<u32>,
}

impl Store {
    fn open(disk: &FaultyDisk, folder: &Path, durability: Durability) -> Result<Self, LogError> {
        let shared: Arc<dyn Disk> = Arc::new(disk.clone());
        let mut snapshots = Snapshots::open(Arc::clone(&shared), folder)?;
        let mut samples = Samples::new();
        let needed: Vec<u64> = snapshots.needed().iter().map(|snapshot| snapshot.number).collect();
        for number in needed {
            samples.extend(load_samples(&mut snapshots, number));
        }
        let options = LogOptions { durability, segment_bytes: 150 };
        let mut log = Log::open(shared, folder, options, snapshots.log_start())?;
        let mut unsaved = BTreeSet::new();
        log.replay(&mut |found| {
            let Record::Samples(reader) = found else { return Ok(()) };
            for read in reader {
                let sample = read?;
                let number = u32::try_from(sample.time_s).unwrap();
                assert_eq!(sample.value.to_bits(), value_of(number).to_bits());
                samples.insert(number, sample.value);
                unsaved.insert(number);
            }
            Ok(())
        });
        Ok(Self { log, snapshots, samples, unsaved })
    }

    /// Writes two records, with three samples, in a group.
    fn append(&mut self, first: u32) -> Result<(), LogError> {
        self.log.append(&[&record([first]), &record([first + 1, first + 2])])?;
        for number in first..first + 3 {
            self.samples.insert(number, value_of(number));
            self.unsaved.insert(number);
        }
        Ok(())
    }

    fn checkpoint(&mut self, is_full: bool) -> Result<(), LogError> {
        let covered = self.log.rotate();
        let saved: Vec<u32> = if is_full {
            self.samples.keys().copied().collect()
        } else {
            self.unsaved.iter().copied().collect()
        };
        let number = self.write_snapshot(SnapshotHead { covers_log_through: covered, is_full }, &saved)?;
        self.unsaved.clear();
        self.log.remove_through(covered)?;
        if is_full {
            let others = self.snapshots.list().iter().map(|snapshot| snapshot.number);
            let old: Vec<u64> = others.filter(|other| *other < number).collect();
            self.snapshots.remove(&old)?;
        }
        Ok(())
    }

    fn write_snapshot(&mut self, head: SnapshotHead, numbers: &[u32]) -> Result<u64, LogError> {
        let mut writer = self.snapshots.create(head)?;
        for number in numbers {
            let bytes = value_of(*number).to_le_bytes();
            writer.add(
                &block("node", i64::from(*number), &bytes),
                i64::from(*number),
                i64::from(*number) + 1,
            )?;
            if number % 2 == 0 {
                writer.end_section()?;
            }
        }
        Ok(self.snapshots.publish(writer)?.number)
    }
}

fn load_samples(snapshots: &mut Snapshots, number: u64) -> Samples {
    let blocks: Mutex<BTreeMap<BlockKey, f64>> = Mutex::default();
    let report = snapshots.load(number, 1, &|found| {
        let value = f64::from_le_bytes(found.bytes.try_into().unwrap());
        let key = (found.series.host.to_owned(), found.timestep_s, found.block_number);
        blocks.lock().unwrap().insert(key, value);
    });
    assert!(report.is_complete(), "{report:?}");
    let blocks = blocks.into_inner().unwrap();
    blocks.into_iter().map(|((_, _, number), value)| (u32::try_from(number).unwrap(), value)).collect()
}

/// Does everything once; what fails is left. Returns the samples that were acknowledged.
fn live(disk: &FaultyDisk, folder: &Path, durability: Durability) -> Samples {
    let mut acknowledged = Samples::new();
    // Two runs of the program, the second of which finds what the first left.
    for run in 0..2 {
        let Ok(mut store) = Store::open(disk, folder, durability) else { continue };
        let mut failures = 0;
        for step in 0..14 {
            let outcome = match step {
                4 | 11 => store.checkpoint(false),
                8 => store.checkpoint(true),
                _ => {
                    let first = (run * 14 + step) * 3;
                    let appended = store.append(first);
                    if appended.is_ok() {
                        acknowledged.extend((first..first + 3).map(|number| (number, value_of(number))));
                    }
                    appended
                }
            };
            failures += usize::from(outcome.is_err());
        }
        // One fault costs one step: the next one works again.
        assert!(failures <= 1 || disk.has_crashed(), "{failures} steps failed");
    }
    acknowledged
}

fn assert_all_there(found: &Samples, acknowledged: &Samples, what: &str) {
    for (number, value) in acknowledged {
        assert_eq!(found.get(number), Some(value), "{what}: sample {number} is lost");
    }
}

/// Tries a fault at each operation; `restart` is what happens afterwards.
fn try_each_operation(
    durability: Durability,
    is_half_written: bool,
    is_crash: bool,
    restart: impl Fn(&FaultyDisk, u64),
) {
    let mut operation = 1;
    loop {
        let what = format!("operation {operation}, half {is_half_written}, crash {is_crash}");
        let folder = tempfile::tempdir().unwrap();
        let disk = FaultyDisk::new(Arc::new(OsDisk));
        disk.fail(Fault { operation, error: ErrorKind::StorageFull, is_half_written, is_crash });
        let acknowledged = live(&disk, folder.path(), durability);
        if disk.operations() < operation {
            // The scenario has no more operations than were tried.
            assert!(operation > 60, "{operation}");
            return;
        }
        restart(&disk, operation);

        let mut store = Store::open(&disk, folder.path(), durability).unwrap();
        assert_all_there(&store.samples, &acknowledged, &what);
        store.append(9000).unwrap();
        store.checkpoint(false).unwrap();
        store.append(9003).unwrap();
        drop(store);
        disk.restart();
        let again = Store::open(&disk, folder.path(), durability).unwrap();
        let later = (9000..9006).map(|number| (number, value_of(number))).collect();
        assert_all_there(&again.samples, &acknowledged, &what);
        assert_all_there(&again.samples, &later, &what);
        operation += 1;
    }
}

#[test]
fn an_operation_that_fails_costs_no_acknowledged_sample() {
    for is_half_written in [false, true] {
        try_each_operation(Durability::Sync, is_half_written, false, |disk, _| disk.restart());
    }
}

#[test]
fn a_program_that_ends_at_any_operation_loses_no_acknowledged_sample() {
    for durability in [Durability::Sync, Durability::Flush] {
        for is_half_written in [false, true] {
            try_each_operation(durability, is_half_written, true, |disk, _| disk.restart());
        }
    }
}

#[test]
fn a_loss_of_power_at_any_operation_loses_no_acknowledged_sample() {
    for is_half_written in [false, true] {
        for is_crash in [false, true] {
            for round in 0..4 {
                try_each_operation(Durability::Sync, is_half_written, is_crash, |disk, operation| {
                    disk.restart_without_power(operation * 1_000_003 + round).unwrap();
                });
            }
        }
    }
}

/// What makes the tests above worth something: this disk does lose what is not synced.
#[test]
fn without_sync_a_loss_of_power_loses_samples() {
    let mut losses = 0;
    for seed in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let disk = FaultyDisk::new(Arc::new(OsDisk));
        let acknowledged = live(&disk, folder.path(), Durability::Flush);
        disk.restart_without_power(seed).unwrap();
        let store = Store::open(&disk, folder.path(), Durability::Flush).unwrap();
        losses += usize::from(acknowledged.keys().any(|number| !store.samples.contains_key(number)));
    }
    assert!(losses > 5, "{losses}");
}

#[test]
fn a_segment_that_could_not_be_cut_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new(Arc::new(OsDisk));
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let mut log = Log::open(shared, folder.path(), LogOptions::default(), LogStart::default()).unwrap();
    log.append(&[&record([0])]).unwrap();
    // The write ends halfway, and the machine refuses everything, also to cut the file.
    disk.fail(Fault { operation: 1, error: ErrorKind::Other, is_half_written: true, is_crash: true });
    assert!(log.append(&[&record([1]), &record([2; 50])]).is_err());
    disk.restart();
    log.append(&[&record([3])]).unwrap();
    assert_eq!(log.rotate(), SegmentNumber(2));
    drop(log);
    let (found, report) = replay(&mut open(folder.path()));
    // The first record of the group happens to be whole; nobody was told that it is not there.
    assert_eq!(found, samples([0, 1, 3]));
    assert_eq!((report.torn_segments, report.damaged_records), (1, 0));
}
