//! Bodies of real collectors: none of their lines is bad.

use flightdeck_line_protocol::{Line, Lines, SkipReason};
use std::collections::BTreeMap;

/// What became of the lines of a body.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    samples: usize,
    skipped: BTreeMap<SkipReason, usize>,
}

fn counts(body: &[u8]) -> Counts {
    let mut counts = Counts::default();
    let mut lines = Lines::new(body, None);
    while let Some(line) = lines.next_line() {
        match line {
            Ok(Line::Sample(_)) => counts.samples += 1,
            Ok(Line::Skipped(reason)) => *counts.skipped.entry(reason).or_default() += 1,
            Err(error) => panic!("line {}: {error}", lines.number()),
        }
    }
    counts
}

fn samples(body: &[u8]) -> Vec<String> {
    let mut given = Vec::new();
    let mut lines = Lines::new(body, None);
    while let Some(line) = lines.next_line() {
        if let Ok(Line::Sample(sample)) = line {
            given.push(format!("{sample:?}"));
        }
    }
    given
}

fn expected<const N: usize>(samples: usize, skipped: [(SkipReason, usize); N]) -> Counts {
    Counts { samples, skipped: BTreeMap::from(skipped) }
}

#[test]
fn every_line_of_a_collector_is_a_sample_or_is_skipped_for_a_reason() {
    let names_of_processes = |intervals: usize| [(SkipReason::NotANumber, 3 * intervals)];
    for (file, body, counted) in [
        ("01", &include_bytes!("../fixtures/01-first-interval.lp")[..], expected(139, names_of_processes(1))),
        ("02", include_bytes!("../fixtures/02-second-interval.lp"), expected(153, names_of_processes(1))),
        ("03", include_bytes!("../fixtures/03-milliseconds.lp"), expected(139, names_of_processes(1))),
        ("04", include_bytes!("../fixtures/04-microseconds.lp"), expected(139, names_of_processes(1))),
        ("05", include_bytes!("../fixtures/05-nanoseconds.lp"), expected(139, names_of_processes(1))),
        ("06", include_bytes!("../fixtures/06-cluster-in-query.lp"), expected(139, names_of_processes(1))),
        ("07a", include_bytes!("../fixtures/07a-unbatched.lp"), expected(1, [])),
        ("07b", include_bytes!("../fixtures/07b-unbatched.lp"), expected(1, [])),
        ("08", include_bytes!("../fixtures/08-meta-as-tags.lp"), expected(75, [])),
        ("09", include_bytes!("../fixtures/09-host-tag.lp"), expected(38, [])),
        ("10", include_bytes!("../fixtures/10-gpu-node.lp"), expected(24, [(SkipReason::NotANumber, 1)])),
        (
            "11",
            include_bytes!("../fixtures/11-mixed-kinds.lp"),
            expected(7, [(SkipReason::Event, 2), (SkipReason::Log, 1), (SkipReason::Control, 1)]),
        ),
        ("12", include_bytes!("../fixtures/12-six-intervals.lp"), expected(1057, names_of_processes(7))),
    ] {
        assert_eq!(counts(body), counted, "{file}");
    }
}

#[test]
fn times_in_any_unit_are_the_seconds_of_the_interval() {
    for (body, second) in [
        (&include_bytes!("../fixtures/03-milliseconds.lp")[..], 1_795_450_030),
        (include_bytes!("../fixtures/04-microseconds.lp"), 1_795_450_037),
        (include_bytes!("../fixtures/05-nanoseconds.lp"), 1_795_450_043),
    ] {
        let mut lines = Lines::new(body, None);
        while let Some(line) = lines.next_line() {
            if let Ok(Line::Sample(sample)) = line {
                assert_eq!(sample.time_s, Some(second), "{sample:?}");
            }
        }
    }
}

#[test]
fn parts_escapes_and_extreme_values_come_through() {
    let given = samples(include_bytes!("../fixtures/10-gpu-node.lp"));
    for part in [
        r#"measurement: "nv_nvlink_crc_errors", cluster: "borealis", host: "b01", kind: "accelerator", id: "00000000:19:00.0", sub_kind: "nvlink", sub_id: "0", value: 0.0"#,
        r#"measurement: "nfs_read", cluster: "borealis", host: "b01", kind: "", id: "", sub_kind: "filesystem", sub_id: "/home/a b,c", value: 17.0"#,
        r#"measurement: "smart temp", cluster: "borealis", host: "b01", kind: "", id: "", sub_kind: "disk", sub_id: "S4EV=01", value: 31.0"#,
        r#"measurement: "ipmi_big", cluster: "borealis", host: "b01", kind: "", id: "", sub_kind: "", sub_id: "", value: 1.8446744073709552e19"#,
        r#"measurement: "tiny", cluster: "borealis", host: "b01", kind: "", id: "", sub_kind: "", sub_id: "", value: 1.5e-12"#,
        r#"measurement: "negative", cluster: "borealis", host: "b01", kind: "", id: "", sub_kind: "", sub_id: "", value: -40.0"#,
    ] {
        assert!(given.iter().any(|sample| sample.contains(part)), "{part}");
    }
}
