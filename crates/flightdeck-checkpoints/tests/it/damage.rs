//! Damage costs what is damaged and is told; nothing makes the reader panic.

use crate::fixtures::{copy, found, store};
use flightdeck_checkpoints::{CheckpointError, Reason, read_checkpoints};
use proptest::prelude::*;
use std::fs;

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    let missing = root.path().join("missing");
    let Err(CheckpointError::Unlisted { path, .. }) = read_checkpoints(&missing, &mut |_, _| {}) else {
        panic!("there is nothing to read");
    };
    assert_eq!(path, missing);
}

#[test]
fn files_that_are_no_checkpoints_are_left_alone_and_counted() {
    let root = copy(&store("mixed"));
    let whole = found(&store("mixed")).0;
    let host = root.path().join("cirrus/c05");
    fs::write(root.path().join("notes.txt"), "x").unwrap();
    fs::write(root.path().join("cirrus/current.wal"), "x").unwrap();
    fs::write(host.join("1795450176.bin.tmp"), "x").unwrap();
    fs::write(host.join("latest.json"), "{}").unwrap();
    fs::write(host.join("README"), "x").unwrap();
    fs::create_dir(host.join("1795450177.bin")).unwrap();
    let mut samples = 0;
    let report = read_checkpoints(root.path(), &mut |_, _| samples += 1).unwrap();
    assert_eq!((report.passed_over, report.problems.len(), report.files), (6, 0, 6));
    assert!(samples >= whole.len());
}

#[test]
fn an_empty_snapshot_costs_only_itself() {
    let root = copy(&store("bin"));
    let damaged = root.path().join("cirrus/c05/1795449989.bin");
    fs::write(&damaged, "").unwrap();
    let (mut given, report) = found(root.path());
    let mut whole = found(&store("bin")).0;
    whole.retain(|[_, host, ..], _| host != "c05");
    assert_eq!(given, whole);
    given.clear();
    assert_eq!(report.problems.len(), 1);
    assert!(matches!(report.problems[0].reason, Reason::WrongStart { .. }));
    let told = read_checkpoints(root.path(), &mut |_, _| {}).unwrap();
    assert_eq!(told.problems[0].path, damaged);
}

#[test]
fn a_damaged_log_does_not_fill_the_report() {
    let root = tempfile::tempdir().unwrap();
    let host = root.path().join("cirrus/c01");
    fs::create_dir_all(&host).unwrap();
    let mut log = fs::read(store("bin").join("cirrus/c01/current.wal")).unwrap();
    for at in (50..log.len()).step_by(200) {
        log[at] ^= 1;
    }
    fs::write(host.join("current.wal"), log).unwrap();
    let report = read_checkpoints(root.path(), &mut |_, _| {}).unwrap();
    assert_eq!(report.problems.len(), 17);
    assert!(report.problems[16].reason.to_string().ends_with(" more such places"));
    assert!(report.samples > 100);
}

#[test]
fn infinite_values_become_holes_and_are_counted() {
    let root = tempfile::tempdir().unwrap();
    let host = root.path().join("c/h");
    fs::create_dir_all(&host).unwrap();
    let (from, to, timestep) = (5_i64.to_le_bytes(), 9_i64.to_le_bytes(), 1_i64.to_le_bytes());
    let values = [1.0, f32::INFINITY, f32::NAN, 2.0].map(f32::to_le_bytes).concat();
    let parts = [
        &0xCC5B_0001_u32.to_le_bytes()[..],
        &from,
        &to,
        b"\x01\0\0\0\x01\0m",
        &timestep,
        &from,
        b"\x04\0\0\0",
        &values,
        b"\0\0\0\0",
    ];
    fs::write(host.join("5.bin"), parts.concat()).unwrap();
    let report = read_checkpoints(root.path(), &mut |_, piece| {
        let told = format!("{piece:?}");
        assert_eq!(told, "Run { timestep_s: 1, start_s: 5, values: [1.0, NaN, NaN, 2.0] }");
    });
    let counted = report.unwrap();
    assert_eq!((counted.samples, counted.infinite), (2, 1));
}

#[test]
fn a_level_that_can_be_no_part_costs_only_its_series() {
    let root = tempfile::tempdir().unwrap();
    let host = root.path().join("c/h");
    fs::create_dir_all(&host).unwrap();
    let json = r#"{"children":{"9:9":{"metrics":{"m":{"frequency":1,"start":5,"data":[1]}}},
                  "core1":{"metrics":{"m":{"frequency":1,"start":5,"data":[1]}}}}}"#;
    fs::write(host.join("5.json"), json).unwrap();
    let mut parts = Vec::new();
    let report =
        read_checkpoints(root.path(), &mut |series, _| parts.push(format!("{}{}", series.kind, series.id)));
    assert_eq!(parts, ["core1"]);
    assert_eq!(report.unwrap().problems[0].reason.to_string(), "no part of a host is called 9:9");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_damaged_file_never_costs_another_one(
        place in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        kept in any::<prop::sample::Index>(),
    ) {
        let name = "mixed";
        let root = copy(&store(name));
        let files = ["c05/1795450145.bin", "c05/1795450160.bin", "c05/current.wal", "c06/1795450145.bin", "c07/current.wal"];
        let file = files[place.index(files.len())];
        let path = root.path().join("cirrus").join(file);
        let mut content = fs::read(&path).unwrap();
        for (at, byte) in changes {
            let at = at.index(content.len());
            content[at] = byte;
        }
        content.truncate(kept.index(content.len() * 2));
        fs::write(&path, content).unwrap();
        let of_others = |all: std::collections::BTreeMap<_, _>| -> Vec<_> {
            all.into_iter().filter(|([_, host, .., name], _): &([String; 8], _)| format!("{host}/{name}") != file).collect()
        };
        prop_assert_eq!(of_others(found(root.path()).0), of_others(found(&store(name)).0));
    }
}
