//! A small part of line protocol, enough for tests of what hands bodies on: no escapes, one field `value`.

use flightdeck_model::{SeriesName, TimePrecision, WriteContext};

/// A sample as a line has it.
pub(super) struct Line<'a> {
    pub(super) name: SeriesName<'a>,
    pub(super) time_s: i64,
    pub(super) value: f64,
}

/// Reads `metric,cluster=…,hostname=…,type=… value=… time`.
///
/// # Errors
///
/// What is wrong with the line.
pub(super) fn parse<'a>(line: &'a str, context: &'a WriteContext) -> Result<Line<'a>, String> {
    let mut words = line.split_whitespace();
    let mut tags = words.next().unwrap_or_default().split(',');
    let mut name = SeriesName { metric: tags.next().unwrap_or_default(), ..SeriesName::default() };
    name.cluster = context.default_cluster.as_deref().unwrap_or_default();
    for tag in tags {
        let Some((key, value)) = tag.split_once('=') else { return Err(format!("{tag} is no tag")) };
        match key {
            "cluster" => name.cluster = value,
            "hostname" | "host" => name.host = value,
            "type" => name.kind = value,
            "type-id" => name.id = value,
            "stype" => name.sub_kind = value,
            "stype-id" => name.sub_id = value,
            _ => {}
        }
    }
    let value = words.next().and_then(|field| field.strip_prefix("value="));
    let value = value.and_then(|text| text.parse().ok()).ok_or("there is no value")?;
    let time_s = match words.next() {
        None => context.received.0,
        Some(text) => {
            seconds(text.parse().map_err(|error| format!("{text} is no time: {error}"))?, context.precision)
        }
    };
    Ok(Line { name, time_s, value })
}

fn seconds(time: i64, precision: Option<TimePrecision>) -> i64 {
    let per_second = match precision {
        None => match time.unsigned_abs() {
            0..100_000_000_000 => 1,
            100_000_000_000..100_000_000_000_000 => 1_000,
            100_000_000_000_000..100_000_000_000_000_000 => 1_000_000,
            _ => 1_000_000_000,
        },
        Some(TimePrecision::Seconds) => 1,
        Some(TimePrecision::Milliseconds) => 1_000,
        Some(TimePrecision::Microseconds) => 1_000_000,
        Some(TimePrecision::Nanoseconds) => 1_000_000_000,
    };
    time.div_euclid(per_second)
}
