//! Names come back, and cost what differs.

use super::{SeriesReader, SeriesWriter};
use crate::varint::Cursor;
use flightdeck_model::SeriesName;

#[test]
fn names_that_go_round_take_a_byte_each() {
    let ids: Vec<String> = (0..200).map(|id| id.to_string()).collect();
    let names: Vec<SeriesName<'_>> = (0..600)
        .map(|number| SeriesName {
            cluster: "c",
            host: "h",
            kind: "core",
            id: &ids[number % 200],
            ..Default::default()
        })
        .collect();
    let mut writer = SeriesWriter::default();
    let mut bytes = Vec::new();
    let mut flags = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let before = bytes.len();
        flags.push(writer.put(&mut bytes, name));
        // Behind the first round, but for the way from the last back to the first.
        if number > 200 && number % 200 != 0 {
            assert_eq!(bytes.len() - before, 1, "name {number}");
        }
    }
    let mut cursor = Cursor::new(&bytes);
    let mut reader = SeriesReader::default();
    for (name, flag) in names.iter().zip(flags) {
        assert_eq!(reader.read(flag, &mut cursor), Ok(*name));
    }
    assert!(cursor.is_empty());
}

#[test]
fn a_number_without_a_text_is_refused() {
    for code in [3, 2, 5] {
        let bytes = [0, 1, b'a', code + 2];
        let mut cursor = Cursor::new(&bytes);
        let mut reader = SeriesReader::default();
        assert_eq!(reader.read(1, &mut cursor).map(|name| name.cluster), Ok("a"));
        assert!(reader.read(1, &mut cursor).is_err(), "{code}");
    }
}
