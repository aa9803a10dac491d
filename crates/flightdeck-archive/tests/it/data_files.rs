//! The data.json and data.json.gz files.

use crate::folder::{ArchiveFolder, data_json, gzip, second_key};
use flightdeck_archive::FileArchive;
use flightdeck_model::{JobArchive, JobData, MetricScope, PortError, PortErrorKind};
use proptest::prelude::*;
use std::error::Error;
use std::fs;

const PLAIN: &str = "emmy/0/002/100/data.json";
const PACKED: &str = "emmy/0/002/100/data.json.gz";

fn load(archive: &FileArchive) -> Result<Option<JobData>, PortError> {
    archive.load_data(&second_key())
}

fn samples(data: &JobData) -> &[f64] {
    &data["load"][&MetricScope::Node].series[0].data
}

/// Checks that the data are corrupt, that the error names the file, and why.
#[track_caller]
fn assert_corrupt(archive: &FileArchive, path: &str, reason: &str) {
    let error = load(archive).unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Corrupt, "{error:?}");
    assert!(error.what.contains(path), "{}", error.what);
    let mut causes = String::new();
    let mut cause = error.source();
    while let Some(it) = cause {
        causes.push_str(&it.to_string());
        causes.push('\n');
        cause = it.source();
    }
    assert!(causes.contains(reason), "{causes:?} does not say {reason:?}");
}

#[test]
fn packed_data_come_before_plain_ones() {
    let folder = ArchiveFolder::with_three_jobs();
    let archive = folder.open();
    assert!(load(&archive).unwrap().is_none());

    folder.write(PLAIN, data_json());
    assert_eq!(samples(&load(&archive).unwrap().unwrap()).len(), 3);

    folder.write(PACKED, gzip(data_json().replace("[1, null, 2]", "[1, 2, 3, 4]").as_bytes()));
    assert_eq!(samples(&load(&archive).unwrap().unwrap()), [1.0, 2.0, 3.0, 4.0]);

    // What is damaged is not silently replaced by what may be older.
    folder.write(PACKED, "damaged");
    assert_corrupt(&archive, "data.json.gz", "cannot be unpacked");
}

#[test]
fn gzip_of_several_parts_is_one_file() {
    let folder = ArchiveFolder::with_three_jobs();
    let json = data_json();
    let (first, second) = json.as_bytes().split_at(20);
    folder.write(PACKED, [gzip(first), gzip(second)].concat());
    assert_eq!(samples(&load(&folder.open()).unwrap().unwrap()).len(), 3);
}

#[test]
fn damaged_data_are_corrupt_and_say_where() {
    let folder = ArchiveFolder::with_three_jobs();
    let archive = folder.open();
    let json = data_json();
    for (content, reason) in [
        ("", "EOF"),
        ("[]", "an object of metrics"),
        (&json[..json.len() - 10], "EOF"),
        (
            &json.replace("\"timestep\": 60", "\"timestep\": 0"),
            "timestep of metric \"load\" at scope node is 0",
        ),
        (&json.replace("\"timestep\": 60,", ""), "timestep"),
        (&json.replace("null", "\"1\""), "cannot be decoded"),
        (&json.replace("null", "1e400"), "out of range"),
        (&json.replace("\"hostname\": \"n01\", ", ""), "hostname"),
    ] {
        folder.write(PLAIN, content);
        assert_corrupt(&archive, "emmy/0/002/100/data.json", reason);
    }

    let packed = gzip(json.as_bytes());
    folder.write(PACKED, &packed[..packed.len() - 4]);
    assert_corrupt(&archive, "data.json.gz", "cannot be unpacked");
    folder.write(PACKED, [packed.as_slice(), b"rubbish"].concat());
    assert_corrupt(&archive, "data.json.gz", "cannot be unpacked");
    fs::remove_file(folder.path(PACKED)).unwrap();
    fs::create_dir(folder.path(PACKED)).unwrap();
    assert_corrupt(&archive, "data.json.gz", "not a regular file");
}

#[test]
fn data_that_unpack_to_more_than_is_allowed_are_refused() {
    let folder = ArchiveFolder::with_three_jobs();
    folder.write(PACKED, gzip(&vec![b' '; 10_000_000]));
    let archive = folder.open().with_data_limit(1_000_000);
    assert_corrupt(&archive, "data.json.gz", "larger than 1000000 bytes");

    fs::remove_file(folder.path(PACKED)).unwrap();
    let json = data_json();
    let size = u64::try_from(json.len()).unwrap();
    folder.write(PLAIN, json);
    assert_corrupt(&folder.open().with_data_limit(size - 1), "data.json", "larger than");
    assert!(load(&folder.open().with_data_limit(size)).unwrap().is_some());
}

#[test]
fn legacy_data_are_read() {
    let folder = ArchiveFolder::with_three_jobs();
    let json = format!(
        "\u{feff}{}",
        r#"{"filesystems": [{"name": "scratch", "read_bw": {"avg": 1}}],
            "load": {"node": {"unit": {"base": "load"}, "timestep": 60, "series": [
                {"hostname": "n01", "id": "0", "statistics": null, "data": [1, null, 2]}]},
                "rack": {"whatever": true}}}"#
    );
    folder.write(PLAIN, json);
    let data = load(&folder.open()).unwrap().unwrap();
    assert_eq!(data.len(), 1);
    let series = &data["load"][&MetricScope::Node].series[0];
    assert_eq!(series.id, None);
    assert_eq!(format!("{:?}", series.statistics), "SeriesStatistics { avg: 1.5, min: 1.0, max: 2.0 }");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_a_reader_panic(content in prop::collection::vec(any::<u8>(), 0..200), place in prop::sample::select(vec![PLAIN, PACKED])) {
        let folder = ArchiveFolder::empty();
        folder.write(place, content);
        prop_assert_eq!(load(&folder.open()).unwrap_err().kind, PortErrorKind::Corrupt);
    }

    #[test]
    fn a_changed_byte_in_plain_data_gives_corrupt_or_other_data(position in any::<prop::sample::Index>(), byte: u8) {
        let mut content = data_json().into_bytes();
        let at = position.index(content.len());
        content[at] = byte;
        let folder = ArchiveFolder::empty();
        folder.write(PLAIN, content);
        match load(&folder.open()) {
            Err(error) => prop_assert_eq!(error.kind, PortErrorKind::Corrupt),
            Ok(data) => prop_assert!(data.unwrap().into_values().flatten().all(|(_, metric)| metric.timestep_s > 0)),
        }
    }

    #[test]
    fn a_changed_byte_in_packed_data_never_gives_other_data(position in any::<prop::sample::Index>(), byte: u8) {
        let mut content = gzip(data_json().as_bytes());
        let at = position.index(content.len());
        content[at] = byte;
        let folder = ArchiveFolder::empty();
        folder.write(PACKED, content);
        match load(&folder.open()) {
            Err(error) => prop_assert_eq!(error.kind, PortErrorKind::Corrupt),
            Ok(data) => prop_assert_eq!(samples(&data.unwrap()).len(), 3),
        }
    }
}
