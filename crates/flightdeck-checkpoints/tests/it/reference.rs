//! All that is in the files comes out, in order, and nothing else.

use crate::fixtures::{InFile, STORES, expected, found, store};
use flightdeck_checkpoints::{Piece, read_checkpoints};

#[test]
fn every_file_gives_what_is_in_it() {
    for name in STORES {
        let (given, report) = found(&store(name));
        let wanted = expected(name);
        for (key, content) in &wanted {
            assert_eq!(given.get(key), Some(content), "{name} {key:?}");
        }
        assert_eq!(given.len(), wanted.len(), "{name} has no other series");
        assert!(report.problems.is_empty(), "{name} {report:?}");
    }
}

#[test]
fn the_report_counts_what_was_found() {
    for (name, clusters, hosts, files) in
        [("bin", 2, 11, 11), ("json", 1, 4, 4), ("mixed", 1, 3, 6), ("wal", 1, 4, 4)]
    {
        let report = read_checkpoints(&store(name), &mut |_, _| {}).unwrap();
        assert_eq!((report.clusters, report.hosts, report.files), (clusters, hosts, files), "{name}");
        let samples: usize = expected(name)
            .values()
            .map(|content| match content {
                InFile::Snapshot { values, .. } => values.iter().flatten().count(),
                InFile::Log(samples) => samples.len(),
            })
            .sum();
        assert_eq!(report.samples, u64::try_from(samples).unwrap(), "{name}");
        assert_eq!((report.passed_over, report.infinite, report.problems.len()), (0, 0, 0), "{name}");
    }
}

#[test]
fn snapshots_come_in_the_order_of_their_times_and_the_log_last() {
    let mut starts = Vec::new();
    let mut logged = 0;
    let read = read_checkpoints(&store("mixed"), &mut |series, piece| {
        if (series.host, series.metric, series.kind) != ("c05", "ci_load", "") {
            return;
        }
        match piece {
            Piece::Run { start_s, .. } => {
                assert_eq!(logged, 0, "the log comes last");
                starts.push(start_s);
            }
            Piece::Sample { .. } => logged += 1,
        }
    });
    assert!(read.unwrap().problems.is_empty());
    assert_eq!(starts, [1_795_450_146, 1_795_450_160]);
    assert!(logged > 0);
}
