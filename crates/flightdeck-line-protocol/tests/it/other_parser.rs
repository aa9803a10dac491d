//! Where another parser of line protocol accepts a line as well, both must mean the same; and no line may disturb
//! another.

use flightdeck_line_protocol::{Line, LineError, Lines};
use influxdb_line_protocol::{FieldValue, ParsedLine, parse_lines};
use proptest::prelude::*;

/// What a line says, free of borrows. Values as bits, because it must be the same value.
#[derive(Debug, Clone, PartialEq)]
enum Meaning {
    Sample { names: [String; 7], value_bits: u64, time_s: Option<i64> },
    NoSample,
}

fn meanings(body: &[u8]) -> Vec<(u64, Result<Meaning, LineError>)> {
    let mut lines = Lines::new(body, None);
    let mut given = Vec::new();
    while let Some(line) = lines.next_line() {
        let meaning = line.map(|well_formed| meaning(&well_formed));
        given.push((lines.number(), meaning));
    }
    given
}

fn meaning(line: &Line<'_>) -> Meaning {
    let Line::Sample(sample) = line else {
        return Meaning::NoSample;
    };
    let names = [
        sample.measurement,
        sample.cluster,
        sample.host,
        sample.kind,
        sample.id,
        sample.sub_kind,
        sample.sub_id,
    ];
    Meaning::Sample {
        names: names.map(str::to_owned),
        value_bits: sample.value.to_bits(),
        time_s: sample.time_s,
    }
}

fn of_other_parser(parsed: &ParsedLine<'_>) -> Meaning {
    let value = parsed.field_set.iter().rev().find(|(key, _)| *key == "value").map(|(_, value)| value);
    let number = match value {
        Some(FieldValue::I64(integer)) => integer.to_string().parse().unwrap(),
        Some(FieldValue::U64(integer)) => integer.to_string().parse().unwrap(),
        Some(FieldValue::F64(float)) => *float,
        _ => return Meaning::NoSample,
    };
    let tag = |names: &[&str]| {
        let tags = parsed.series.tag_set.iter().flatten();
        let found = tags.rev().find(|(key, _)| names.contains(&key.as_str()));
        found.map(|(_, value)| value.to_string()).unwrap_or_default()
    };
    let kind = tag(&["type"]);
    let (part_kind, part_id) = match kind.as_str() {
        "" | "node" => (String::new(), String::new()),
        _ => (kind, tag(&["type-id"])),
    };
    Meaning::Sample {
        names: [
            parsed.series.measurement.to_string(),
            tag(&["cluster"]),
            tag(&["host", "hostname"]),
            part_kind,
            part_id,
            tag(&["stype"]),
            tag(&["stype-id"]),
        ],
        value_bits: number.to_bits(),
        time_s: parsed.timestamp.map(seconds),
    }
}

fn seconds(time: i64) -> i64 {
    let fits_as = |unit: i64| time.checked_mul(1_000_000_000 / unit).is_some();
    let units = [1, 1_000, 1_000_000, 1_000_000_000];
    time.div_euclid(units.into_iter().find(|&unit| fits_as(unit)).unwrap())
}

fn escaped(text: &str, special: &[char]) -> String {
    let mut written = String::new();
    for character in text.chars() {
        if special.contains(&character) {
            written.push('\\');
        }
        written.push(character);
    }
    written
}

fn tag_value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("node".to_owned()),
        "[a-z0-9:./]{1,20}",
        "[ a-zé,=\\\\]{0,8}[a-z]".prop_map(|text| escaped(&text, &[' ', ',', '=', '\\'])),
    ]
}

fn tag() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        8 => prop::sample::select(vec!["cluster", "hostname", "host", "type", "type-id", "stype", "stype-id"]).prop_map(str::to_owned),
        2 => "[a-z]{1,9}",
        1 => "[ a-z,=]{0,8}[a-z]".prop_map(|text| escaped(&text, &[' ', ',', '='])),
    ];
    (key, tag_value()).prop_map(|(key, value)| format!(",{key}={value}"))
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        (-1e9..1e9_f64).prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| format!("{value}i")),
        any::<u64>().prop_map(|value| format!("{value}u")),
        "-?[0-9]{1,20}(\\.[0-9]{1,20})?",
        "-?[0-9]{1,5}(\\.[0-9]{1,5})?[eE][-+]?[0-9]{1,2}",
    ]
}

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => number().prop_map(|value| format!("value={value}")),
        1 => "[ a-z,=\"\\\\#\n]{0,12}".prop_map(|text| format!("event=\"{}\"", escaped(&text, &['"', '\\']))),
        1 => "[ a-z,=\n]{0,12}".prop_map(|text| format!("value=\"{text}\"")),
        1 => "[a-z]{0,3}\n[a-z]{1,3}(,hostname=a)? value=1( 5)?\n?".prop_map(|text| format!("log=\"{text}\"")),
        1 => (prop::sample::select(vec!["log", "min", "max"]), number()).prop_map(|(key, value)| format!("{key}={value}")),
        1 => prop::sample::select(vec!["t", "F", "true", "False"]).prop_map(|value| format!("value={value}")),
    ]
}

fn line() -> impl Strategy<Value = String> {
    let measurement =
        prop_oneof!["[a-z_0-9]{1,12}", "[ a-z,]{0,5}[a-z]".prop_map(|text| escaped(&text, &[' ', ',']))];
    let time = prop_oneof![
        Just(String::new()),
        any::<i64>().prop_map(|time| format!(" {time}")),
        Just(" 1795450020".to_owned())
    ];
    (measurement, prop::collection::vec(tag(), 0..7), prop::collection::vec(field(), 1..4), time)
        .prop_map(|(name, tags, fields, time)| format!("{name}{} {}{time}", tags.concat(), fields.join(",")))
}

/// A line in which a few characters are put in, taken out or overwritten.
fn spoiled_line() -> impl Strategy<Value = String> {
    let change = (any::<prop::sample::Index>(), 0..3_u8, "[ ,=\\\\\"a-fi.u0-9#\t\réüx-]");
    (line(), prop::collection::vec(change, 1..6)).prop_map(|(line, changes)| {
        let mut characters: Vec<char> = line.chars().collect();
        for (place, kind, with) in changes {
            let at = place.index(characters.len() + 1);
            if kind != 0 && at < characters.len() {
                characters.remove(at);
            }
            if kind != 1 {
                characters.splice(at..at, with.chars());
            }
        }
        characters.into_iter().collect()
    })
}

fn assert_same_where_both_accept(line: &str) -> Result<(), TestCaseError> {
    let ours = meanings(line.as_bytes());
    let theirs: Vec<_> = parse_lines(line).collect();
    if let ([(_, Ok(ours))], [Ok(theirs)]) = (ours.as_slice(), theirs.as_slice()) {
        prop_assert_eq!(ours, &of_other_parser(theirs), "{}", line);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_well_formed_line_means_the_same_to_both(line in line()) {
        let ours = meanings(line.as_bytes());
        let theirs: Vec<_> = parse_lines(&line).collect();
        prop_assert_eq!(ours.len(), 1);
        prop_assert_eq!(theirs.len(), 1);
        let says_something = ["value=", "event=", "log="].iter().any(|key| line.contains(key));
        match (&ours[0].1, &theirs[0]) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, &of_other_parser(theirs)),
            (Err(_), _) => prop_assert!(!says_something, "only we refuse {}", line),
            (_, Err(error)) => prop_assert!(false, "only they refuse {}: {}", line, error),
        }
    }

    #[test]
    fn a_spoiled_line_means_the_same_to_both_or_is_refused(line in spoiled_line()) {
        assert_same_where_both_accept(&line)?;
    }

    #[test]
    fn likely_characters_mean_the_same_to_both_or_are_refused(line in "m(,(host|type|b)=[a=\\\\ ]{1,4}){0,3} (value|[a-c]{1,2})=[-0-9.eiu\"tf]{1,8}[ 0-9,=\"]{0,12}") {
        assert_same_where_both_accept(&line)?;
    }

    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..400)) {
        let line_count = body.split(|&byte| byte == b'\n').count();
        prop_assert!(meanings(&body).len() <= line_count);
    }

    #[test]
    fn a_line_gives_the_same_whatever_stands_around_it(
        good in line(),
        spoiled in spoiled_line().prop_filter("no text", |line| !line.contains('"')),
        junk in prop::collection::vec(any::<u8>().prop_filter("no text", |&byte| byte != b'\n' && byte != b'"'), 0..80),
    ) {
        let alone = meanings(good.as_bytes());
        let lines = [good.as_bytes(), &junk, good.as_bytes(), spoiled.as_bytes(), good.as_bytes()];
        let all = meanings(&lines.join(&b'\n'));
        let lines_of = |text: &str| text.split('\n').count() as u64;
        let second = 2 + lines_of(&good);
        for number in [1, second, second + lines_of(&good) + lines_of(&spoiled)] {
            let together = all.iter().find(|(at, _)| *at == number).map(|(_, given)| given);
            prop_assert_eq!(together, alone.first().map(|(_, given)| given));
        }
    }

    #[test]
    fn a_text_that_is_not_closed_costs_its_own_line_alone(
        good in line().prop_filter("no text", |line| !line.contains('"')),
        open in "m,hostname=a (log|event|value)=\"[ a-z=,1\r]{0,12}",
        count in 1..4_usize,
    ) {
        let alone = meanings(good.as_bytes());
        let lines = vec![good.as_str(); count].join("\n");
        let all = meanings([lines.as_str(), &open, &lines].join("\n").as_bytes());
        prop_assert_eq!(all.len(), 2 * count + 1);
        for (number, given) in all {
            if number == count as u64 + 1 {
                prop_assert!(given.is_err());
            } else {
                prop_assert_eq!(Some(&given), alone.first().map(|(_, given)| given));
            }
        }
    }

    #[test]
    fn a_cut_body_gives_what_came_before_the_cut(lines in prop::collection::vec(line(), 1..6), cut in any::<prop::sample::Index>()) {
        let body = lines.join("\n");
        let length = cut.index(body.len() + 1);
        let whole = meanings(body.as_bytes());
        let before = meanings(&body.as_bytes()[..length]);
        let ends = lines.iter().scan(0, |end, line| {
            *end += line.len() + 1;
            Some(*end)
        });
        let complete = ends.filter(|end| *end <= length).count();
        prop_assert_eq!(&before[..complete], &whole[..complete]);
    }
}
