//! A log that ends anywhere, as a crash leaves it.

use crate::sample_data::{open, segment_files};
use flightdeck_model::SeriesName;
use flightdeck_sample_log::{Log, Record, RecordBuilder};
use std::fs::OpenOptions;

const FILE_HEADER_BYTES: u64 = 24;
const FRAME_HEADER_BYTES: u64 = 16;

/// Long names make a log large while its records stay few, so that every cut can be tried.
fn record(number: u32) -> Vec<u8> {
    let host = format!("node{number}-").repeat(usize::try_from(20 + number % 7 * 40).unwrap());
    let series = SeriesName { cluster: "alpha", host: &host, metric: "cpu_load", ..Default::default() };
    let mut builder = RecordBuilder::new();
    builder.push(&series, 60, f64::from(number));
    builder.finish()
}

/// The numbers of the records, which must be whole.
fn numbers_in(log: &mut Log) -> (Vec<f64>, u64, u64) {
    let mut numbers = Vec::new();
    let report = log.replay(&mut |found| {
        let Record::Samples(samples) = found else { return Ok(()) };
        for sample in samples {
            numbers.push(sample?.value);
        }
        Ok(())
    });
    (numbers, report.damaged_records, report.torn_bytes)
}

#[test]
fn a_log_cut_at_any_byte_of_its_last_64_kib_gives_the_whole_records_before_the_cut() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let mut ends = vec![FILE_HEADER_BYTES];
    while ends.last().unwrap() < &(70 << 10) {
        let record = record(u32::try_from(ends.len()).unwrap() - 1);
        log.append(&[&record]).unwrap();
        ends.push(ends.last().unwrap() + FRAME_HEADER_BYTES + record.len() as u64);
    }
    drop(log);
    let path = segment_files(folder.path()).pop().unwrap();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    let whole_bytes = *ends.last().unwrap();
    assert_eq!(file.metadata().unwrap().len(), whole_bytes);
    let all: Vec<f64> = (0..u32::try_from(ends.len() - 1).unwrap()).map(f64::from).collect();

    for cut in (whole_bytes - (64 << 10)..=whole_bytes).rev() {
        file.set_len(cut).unwrap();
        let whole_records = ends.partition_point(|end| *end <= cut) - 1;
        let (numbers, damaged_records, torn_bytes) = numbers_in(&mut open(folder.path()));
        assert_eq!(numbers, all[..whole_records], "cut at {cut}");
        assert_eq!((damaged_records, torn_bytes), (0, cut - ends[whole_records]), "cut at {cut}");
    }
}

#[test]
fn a_log_cut_at_any_of_its_first_bytes_opens_and_goes_on() {
    for cut in 0..200 {
        let folder = tempfile::tempdir().unwrap();
        let mut log = open(folder.path());
        for number in 0..4 {
            log.append(&[&crate::sample_data::record([number])]).unwrap();
        }
        drop(log);
        let path = segment_files(folder.path()).pop().unwrap();
        OpenOptions::new().write(true).open(path).unwrap().set_len(cut).unwrap();

        let mut cut_log = open(folder.path());
        let (found, report) = crate::sample_data::replay(&mut cut_log);
        assert_eq!(report.damaged_records, 0, "cut at {cut}");
        cut_log.append(&[&crate::sample_data::record([9])]).unwrap();
        drop(cut_log);
        let (found_later, _) = crate::sample_data::replay(&mut open(folder.path()));
        assert_eq!(found_later.len(), found.len() + 1, "cut at {cut}");
    }
}
