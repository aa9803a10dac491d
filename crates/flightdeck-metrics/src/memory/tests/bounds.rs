//! What keeps the store small: closing, expiry, the cap.

use super::*;
use crate::memory::{Dropped, slab::Slab};

const BLOCK_S: i64 = 256 * 60;

fn fill(memory: &Memory, host: &str, blocks: i64) {
    let samples: Vec<(i64, f64)> =
        (0..blocks * 256).map(|step| (BASE_S + step * 60, f64::from((step % 90) as i32) + 0.25)).collect();
    write(memory, &of_node(host, "load"), &samples);
}

fn starts_of(memory: &Memory, host: &str) -> Vec<i64> {
    let listed = memory.list_series(&path(&["alpha", host]), Page { offset: 0, limit: 10 });
    listed
        .series
        .iter()
        .flat_map(|info| &info.blocks)
        .map(|block| (block.start.0 - BASE_S) / BLOCK_S)
        .collect()
}

#[test]
fn blocks_are_closed_when_they_are_written_no_more() {
    let memory = memory();
    fill(&memory, "a1", 3);
    let end_s = BASE_S + 3 * BLOCK_S;
    assert_eq!(memory.close_idle(end_s), 2);
    assert_eq!(memory.close_idle(end_s + 3600), 0);
    let before = assert_counts(&memory);
    assert_eq!(memory.close_idle(end_s + 3601), 1);
    let after = assert_counts(&memory);
    assert_eq!((after.open_blocks, after.closed_blocks, after.samples), (0, 3, before.samples));
    assert!(after.bytes < before.bytes);
    // A late sample opens its block again.
    write(&memory, &of_node("a1", "load"), &[(BASE_S + 600, -1.0)]);
    assert_eq!(assert_counts(&memory).open_blocks, 1);
    assert_eq!(memory.close_idle(end_s + 3601), 1);
    let answer = ask(&memory, "a1", "load", SeriesParts::Node, span(BASE_S + 540, BASE_S + 720));
    assert_eq!(plain(&answer), [("", vec![Some(9.25), Some(-1.0), Some(11.25)])]);
}

#[test]
fn old_blocks_go_but_what_jobs_need_stays() {
    let memory = memory();
    for host in ["a1", "a2"] {
        fill(&memory, host, 4);
    }
    let now_s = BASE_S + 4 * BLOCK_S;
    let needed = held("a2", BASE_S + BLOCK_S + 60);
    assert_eq!(memory.expire(now_s, BLOCK_S, &needed), 3 + 1);
    assert_eq!((starts_of(&memory, "a1"), starts_of(&memory, "a2")), (vec![3], vec![1, 2, 3]));
    assert_eq!(memory.expire(now_s, BLOCK_S, &Held::default()), 2);
    let counters = assert_counts(&memory);
    assert_eq!((counters.expired.blocks, counters.samples), (6, 512));
}

#[test]
fn series_are_forgotten_when_nobody_asks_for_them() {
    let memory = memory_with(1, 0);
    let name = of_core("a1", "0", "load");
    write(&memory, &name, &[(BASE_S, 1.0)]);
    let expire = |hours: i64| memory.expire(BASE_S + hours * 3600, 60, &Held::default());
    assert_eq!(expire(1), 1);
    // Someone holds its number for a batch that is under way.
    let series = memory.resolver().resolve(&name).unwrap().number;
    expire(2);
    assert_eq!(memory.apply(&[Sample { series, time_s: BASE_S + 7200, value: 1.0 }]), 0);
    assert_eq!(expire(3), 1);
    expire(4);
    let empty = assert_counts(&memory);
    assert_eq!((empty.series, empty.hosts), (0, 0));
    expire(5);
    expire(6);
    assert_eq!(memory.parts().get(0).map(|part| part.name().id.to_owned()), None);
    // There is room for another one.
    write(&memory, &of_core("a2", "1", "load"), &[(BASE_S, 2.0)]);
    let all = ask(&memory, "a2", "load", SeriesParts::Everything, span(BASE_S, BASE_S + 60));
    assert_eq!(plain(&all), [("1", vec![Some(2.0)])]);
    assert!(ask(&memory, "a1", "load", SeriesParts::Everything, span(BASE_S, BASE_S + 60)).series.is_empty());
}

#[test]
fn the_cap_takes_the_oldest_first_and_what_jobs_need_last() {
    let mut free_bytes = 0;
    let mut seen = Vec::new();
    loop {
        let mut memory = memory_with(10, 0);
        fill(&memory, "a1", 3);
        fill(&memory, "a2", 3);
        memory.close_idle(BASE_S + 3 * BLOCK_S);
        let cap = memory.counters().bytes.saturating_sub(free_bytes).max(1);
        memory.limits.memory_cap_bytes = cap;
        let dropped = memory.enforce_cap(Some(&held("a2", BASE_S)));
        let counters = assert_counts(&memory);
        assert_eq!(counters.dropped_for_memory, dropped);
        assert_eq!(dropped.samples + counters.samples, 6 * 256);
        let left = (starts_of(&memory, "a1"), starts_of(&memory, "a2"));
        assert!(counters.bytes <= cap || left == (vec![], vec![]));
        if seen.last() != Some(&left) {
            seen.push(left);
        }
        if counters.samples == 0 {
            break;
        }
        free_bytes += 25;
    }
    let expected: [(&[i64], &[i64]); 7] = [
        (&[0, 1, 2], &[0, 1, 2]),
        (&[1, 2], &[0, 1, 2]),
        (&[2], &[0, 1, 2]),
        (&[], &[0, 1, 2]),
        (&[], &[1, 2]),
        (&[], &[2]),
        (&[], &[]),
    ];
    let seen: Vec<(&[i64], &[i64])> =
        seen.iter().map(|(one, two)| (one.as_slice(), two.as_slice())).collect();
    assert_eq!(seen, expected);
}

/// Lets a minute pass, as the store does it.
fn maintain(memory: &Memory, now_s: i64, needed: &Held) -> Dropped {
    memory.close_idle(now_s);
    memory.expire(now_s, DAY_S, needed);
    memory.enforce_cap(Some(needed))
}

#[test]
fn the_cap_holds_against_names_and_costs_no_job_its_samples() {
    const CAP: u64 = 400_000;
    let hosts = |memory: &Memory| {
        for host in 0..3000 {
            let name = format!("{host:04}{}", "x".repeat(200));
            write(memory, &of_node(&name, "load"), &[(BASE_S + 3 * BLOCK_S, 1.0)]);
        }
    };
    let parts = |memory: &Memory| {
        for part in 0..3000 {
            let id = format!("{part:04}{}", "x".repeat(200));
            write(memory, &of_core("a1", &id, "load"), &[(BASE_S + 3 * BLOCK_S, 1.0)]);
        }
    };
    for flood in [&hosts as &dyn Fn(&Memory), &parts] {
        let memory = memory_with(10_000, CAP);
        fill(&memory, "a2", 3);
        let needed = held("a2", BASE_S);
        flood(&memory);
        assert!(memory.counters().bytes > 2 * CAP);
        let now_s = BASE_S + 3 * BLOCK_S;
        let mut dropped = Dropped::default();
        for minute in 0..20 {
            dropped.add(maintain(&memory, now_s + minute * 60, &needed));
        }
        let counters = assert_counts(&memory);
        assert!(counters.bytes <= CAP, "{counters:?}");
        assert_eq!(counters.dropped_for_memory, dropped);
        assert_eq!(starts_of(&memory, "a2"), [0, 1, 2], "what a job needs is there");
        // There is room again, and what is new gets in.
        write(&memory, &of_node("a3", "load"), &[(now_s, 1.0)]);
        assert_eq!(maintain(&memory, now_s + 1260, &needed), Dropped::default());
        assert_eq!(ask(&memory, "a3", "load", SeriesParts::Node, span(now_s, now_s + 60)).series.len(), 1);
    }
}

#[test]
fn numbers_stay_theirs_when_memory_is_given_back() {
    let mut slab = Slab::default();
    let numbers: Vec<u32> = (0..300).map(|thing| slab.insert(thing)).collect();
    let bytes = slab.heap_bytes();
    let is_kept = |number: u32| (64..128).contains(&number);
    for number in numbers.iter().filter(|number| !is_kept(**number)) {
        assert!(slab.remove(*number).is_some());
    }
    slab.trim();
    assert!(slab.heap_bytes() < bytes / 2);
    let kept: Vec<u32> = (64..128).collect();
    assert_eq!(slab.iter().map(|(number, _)| number).collect::<Vec<_>>(), kept);
    assert!(kept.iter().all(|number| slab.get(*number) == Some(number)));
    assert!([0, 63, 128, 299].iter().all(|number| slab.get(*number).is_none()));
    let again: Vec<u32> = (0..300).map(|thing| slab.insert(thing)).collect();
    let expected: Vec<u32> = (0..64).chain(128..364).collect();
    assert_eq!(again, expected);
    assert_eq!(slab.len(), 364);
    for number in 0..364 {
        slab.remove(number);
    }
    slab.trim();
    assert_eq!(slab.heap_bytes(), 0);
}

#[test]
fn a_number_that_was_just_given_stays_good_above_the_cap() {
    let memory = memory_with(10_000, 1000);
    let name = of_core("a1", "0", "load");
    write(&memory, &name, &[(BASE_S, 1.0)]);
    for minute in 0..30 {
        let now_s = BASE_S + minute * 60;
        let series = memory.resolver().resolve(&name).unwrap().number;
        maintain(&memory, now_s, &Held::default());
        assert_eq!(memory.apply(&[Sample { series, time_s: now_s, value: 2.0 }]), 0);
        let found = ask(&memory, "a1", "load", cores(&["0"]), span(now_s, now_s + 60));
        assert_eq!(plain(&found), [("0", vec![Some(2.0)])]);
    }
}

#[test]
fn a_quarter_more_is_allowed_before_it_is_said_what_jobs_need() {
    let mut memory = memory_with(10, 0);
    fill(&memory, "a1", 400);
    memory.close_idle(BASE_S + 400 * BLOCK_S);
    let bytes = memory.counters().bytes;
    memory.limits.memory_cap_bytes = bytes / 10 * 9;
    assert_eq!(memory.enforce_cap(None), Dropped::default());
    assert!(memory.enforce_cap(Some(&Held::default())).blocks > 0);
    memory.limits.memory_cap_bytes = bytes / 2;
    assert!(memory.enforce_cap(None).blocks > 0);
    let left = assert_counts(&memory).bytes;
    assert!(left > bytes / 2 && left <= bytes / 2 + bytes / 8, "{left} of {bytes}");
}

#[test]
fn only_what_is_asked_for_is_freed() {
    let memory = memory();
    for host in ["a1", "a2"] {
        for id in ["0", "1"] {
            let samples = [(BASE_S, 1.0), (BASE_S + BLOCK_S, 2.0)];
            write(&memory, &of_core(host, id, "load"), &samples);
        }
    }
    assert_eq!(memory.free(&[path(&["alpha", "a1", "core1"])], BASE_S + BLOCK_S), 1);
    assert_eq!(memory.free(&[path(&["alpha", "a9"]), path(&["beta"])], i64::MAX), 0);
    assert_eq!(memory.free(&[path(&["alpha", "a1"]), path(&["alpha", "a1"])], BASE_S + BLOCK_S), 1);
    assert_eq!(memory.free(&[path(&["alpha"])], BASE_S + BLOCK_S), 2);
    assert_eq!(memory.free(&[path(&[])], i64::MAX), 4);
    let counters = assert_counts(&memory);
    assert_eq!((counters.samples, counters.freed.blocks), (0, 8));
}

#[test]
fn a_span_from_the_beginning_of_time_takes_no_memory() {
    let memory = memory();
    for id in 0..100 {
        write(&memory, &of_core("a1", &id.to_string(), "fast"), &[(BASE_S, 1.0)]);
    }
    let everything = ask(&memory, "a1", "fast", SeriesParts::Everything, span(i64::MIN, i64::MAX));
    assert!(everything.series.is_empty() && everything.problem.is_some());
    let recent = ask(&memory, "a1", "fast", SeriesParts::Everything, span(BASE_S - 70, i64::MAX));
    assert_eq!(recent.series.len(), 100);
    assert_eq!(recent.series[0].values.len(), 11);
}

#[test]
fn a_series_of_an_hour_takes_few_bytes() {
    let memory = memory_with(100_000, 0);
    let mut samples = Vec::new();
    let mut resolver = memory.resolver();
    for host in 0..256 {
        for core in 0..64 {
            let (host, core_id) = (format!("a{host:04}"), core.to_string());
            let series = resolver.resolve(&of_core(&host, &core_id, "load")).unwrap().number;
            for step in 0..60 {
                let value = f64::from((core * 7 + step * 3) % 100) + 0.25;
                samples.push(Sample { series, time_s: BASE_S + i64::from(step) * 60, value });
            }
        }
    }
    memory.apply(&samples);
    let counters = assert_counts(&memory);
    assert_eq!(counters.samples, 256 * 64 * 60);
    let per_series = (counters.bytes - counters.open_bytes) / counters.series;
    assert!(per_series <= 100, "{per_series} bytes per series");
    assert!(counters.bytes / counters.samples < 4, "{} bytes", counters.bytes);
}
