use super::*;
use std::io::Read;

/// Data of one series whose JSON has this length, with the end of line.
fn data_of_length(bytes: usize) -> JobData {
    let with_host = |length: usize| {
        let series = Series { hostname: "n".repeat(length), data: vec![1.0, f64::NAN], ..Series::default() };
        let metric = JobMetric { series: vec![series], timestep_s: 60, ..JobMetric::default() };
        JobData::from([("load".to_owned(), BTreeMap::from([(MetricScope::Node, metric)]))])
    };
    let shortest = serde_json::to_vec(&with_host(0)).unwrap().len() + 1;
    with_host(bytes - shortest)
}

fn unpacked(packed: &[u8]) -> String {
    let mut json = String::new();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut json).unwrap();
    json
}

#[test]
fn data_are_packed_from_2001_bytes_on() {
    let EncodedData::Plain(longest) = job_data(&data_of_length(2000), 1 << 30).unwrap() else {
        panic!("2000 bytes are not packed");
    };
    assert_eq!(longest.len(), 2000);
    assert!(longest.ends_with(b"}\n"));

    for length in [2001, BUFFER_BYTES - 1, BUFFER_BYTES, BUFFER_BYTES + 1, 3 * BUFFER_BYTES] {
        let EncodedData::Packed(packed) = job_data(&data_of_length(length), 1 << 30).unwrap() else {
            panic!("{length} bytes are packed");
        };
        let json = unpacked(&packed);
        assert_eq!(json.len(), length);
        assert!(json.ends_with("}\n"));
    }
}

#[test]
fn what_could_not_be_read_again_is_not_encoded() {
    for length in [500, 2001, 200_000] {
        let limit_bytes = u64::try_from(length).unwrap();
        assert!(job_data(&data_of_length(length), limit_bytes).is_ok());
        let refused = job_data(&data_of_length(length), limit_bytes - 1);
        assert!(matches!(refused, Err(FileError::WouldBeTooLarge { .. })), "{length}: {refused:?}");
    }
}
