//! How lists are printed: a line for each thing, its columns separated by tabs, so that they can be cut and sorted.

use flightdeck_model::UnixTime;

/// A line of these columns. What a client sent may be among them: control characters are escaped, so that a column
/// is a column and a terminal is not told anything.
pub(super) fn line(columns: &[String]) -> String {
    columns.iter().map(|column| without_control(column)).collect::<Vec<_>>().join("\t")
}

fn without_control(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            plain.extend(character.escape_default());
        } else {
            plain.push(character);
        }
    }
    plain
}

/// A time in UTC, such as `2026-11-23T21:00:00Z`; of a time that no calendar has, its seconds.
pub(super) fn time(time: UnixTime) -> String {
    let UnixTime(seconds) = time;
    chrono::DateTime::from_timestamp(seconds, 0)
        .map_or_else(|| seconds.to_string(), |date| date.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_sent_stays_in_its_column() {
        let columns = ["7".to_owned(), "a\tb\nc\u{1b}[2J".to_owned(), "é 🛰".to_owned()];
        assert_eq!(line(&columns), "7\ta\\tb\\nc\\u{1b}[2J\té 🛰");
    }

    #[test]
    fn times_are_readable_and_any_number_is_a_time() {
        assert_eq!(time(UnixTime(1_700_000_000)), "2023-11-14T22:13:20Z");
        assert_eq!(time(UnixTime(i64::MAX)), i64::MAX.to_string());
    }
}
