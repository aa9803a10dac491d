use super::{Line, Lines, Sample};
use crate::{LineError, Precision, Problem};

/// What each line of a body gives, with its number; names with a slash between them.
fn read(body: &[u8]) -> Vec<(u64, Result<String, Problem>)> {
    let mut lines = Lines::new(body, None);
    let mut given = Vec::new();
    while let Some(line) = lines.next_line() {
        let told = match line {
            Ok(Line::Sample(sample)) => Ok(told(&sample)),
            Ok(Line::Skipped(reason)) => Ok(reason.as_str().to_owned()),
            Err(error) => Err(error.problem),
        };
        given.push((lines.number(), told));
    }
    given
}

fn told(sample: &Sample<'_>) -> String {
    let Sample { measurement, cluster, host, kind, id, sub_kind, sub_id, value, time_s } = sample;
    let time = time_s.map_or_else(|| "-".to_owned(), |time| time.to_string());
    format!("{measurement}/{cluster}/{host}/{kind}/{id}/{sub_kind}/{sub_id} {value} {time}")
}

fn one(line: &str) -> Result<String, Problem> {
    let mut all = read(line.as_bytes());
    assert_eq!(all.len(), 1, "{line}");
    all.remove(0).1
}

fn sample(line: &str) -> String {
    one(line).unwrap()
}

fn error(line: &str) -> LineError {
    Lines::new(line.as_bytes(), None).next_line().unwrap().unwrap_err()
}

#[test]
fn tags_come_in_any_order_and_unknown_ones_are_passed_over() {
    assert_eq!(
        sample("flops,type-id=3,group=a,type=core,hostname=f01,unit=F,cluster=fritz value=1.5 1700000000"),
        "flops/fritz/f01/core/3// 1.5 1700000000"
    );
}

#[test]
fn host_is_another_name_of_hostname_and_the_last_one_counts() {
    assert_eq!(sample("m,hostname=a,host=b value=1"), "m//b//// 1 -");
    assert_eq!(sample("m,host=a,hostname=b value=1"), "m//b//// 1 -");
    assert_eq!(sample("m,cluster=a,cluster=b value=1"), "m/b///// 1 -");
}

#[test]
fn type_node_is_the_host_with_or_without_an_id() {
    for tags in ["type=node", "type=node,type-id=0", "type-id=0,type=node", "type-id=0", "type="] {
        assert_eq!(sample(&format!("m,hostname=h,{tags} value=1")), "m//h//// 1 -", "{tags}");
    }
}

#[test]
fn a_part_below_the_host_or_a_part_keeps_its_names() {
    assert_eq!(sample("m,stype=network,stype-id=eth0,type=node value=1"), "m/////network/eth0 1 -");
    assert_eq!(
        sample("m,stype=nvlink,stype-id=0,type=accelerator,type-id=00000000:19:00.0 value=1"),
        "m///accelerator/00000000:19:00.0/nvlink/0 1 -"
    );
}

#[test]
fn tags_with_similar_names_are_not_taken_for_known_ones() {
    assert_eq!(sample("m,hostnames=a,clusters=b,typ=c,type-=d,stypes=e,host\\==f value=1"), "m////// 1 -");
}

#[test]
fn backslashes_escape_blanks_commas_and_equals_signs() {
    assert_eq!(
        sample(r"smart\ temp,stype=file\,system,stype-id=/home/a\ b\,c\=d\\e,note=x\ y value=1"),
        r"smart temp/////file,system//home/a b,c=d\e 1 -"
    );
    assert_eq!(sample(r"a\=b,hostname=c\d value=1"), r"a\=b//c\d//// 1 -");
}

#[test]
fn no_line_gets_anything_from_the_line_before_it() {
    assert_eq!(
        read(b"m,cluster=c,hostname=h,type=core,type-id=1,stype=disk,stype-id=a\\ b value=1 5\nm value=2\nm,hostname=i value=3\n"),
        [
            (1, Ok("m/c/h/core/1/disk/a b 1 5".to_owned())),
            (2, Ok("m////// 2 -".to_owned())),
            (3, Ok("m//i//// 3 -".to_owned())),
        ]
    );
}

#[test]
fn blank_lines_comments_and_carriage_returns_are_counted_and_passed_over() {
    assert_eq!(
        read(b"\n# value=1\r\n\r\n  \t\n\tm value=1 5\r\nm value=2\r"),
        [(5, Ok("m////// 1 5".to_owned())), (6, Ok("m////// 2 -".to_owned()))]
    );
    assert_eq!(read(b""), []);
}

#[test]
fn several_blanks_are_as_good_as_one() {
    assert_eq!(sample("  m,hostname=a   value=1   7  "), "m//a//// 1 7");
}

#[test]
fn the_field_value_counts_and_its_neighbours_do_not() {
    assert_eq!(sample(r#"m min=1,value=2,max=3i,unit="a b, c=\"d\"",ok=true 9"#), "m////// 2 9");
    assert_eq!(sample("m value=1,value=2"), "m////// 2 -");
    assert_eq!(sample(r#"m event="x",value=4"#), "m////// 4 -");
}

#[test]
fn what_is_no_sample_is_told_by_its_kind() {
    for (line, kind) in [
        (r#"slurm,hostname=h event="step \"0\" began, cwd C:\\tmp" 1795450082"#, "event"),
        (r#"kernel log="Out of memory" 1795450082"#, "log"),
        (r#"cpu_load control="interval",method="GET" 1795450082"#, "control"),
        (r#"topproc1 value="gmx_mpi""#, "not a number"),
        ("is_throttled value=true 1795450082", "not a number"),
        ("is_throttled value=F", "not a number"),
        (r#"m value=1,value="last""#, "not a number"),
    ] {
        assert_eq!(one(line), Ok(kind.to_owned()), "{line}");
    }
}

#[test]
fn a_bad_line_is_told_with_the_place_where_it_goes_wrong() {
    for (line, column, problem) in [
        (",hostname=h value=1", 1, Problem::NameMissing),
        ("m", 2, Problem::FieldMissing),
        ("m,hostname=h", 13, Problem::FieldMissing),
        ("m ", 3, Problem::FieldMissing),
        ("m,hostname value=1", 11, Problem::Tag),
        ("m,=h value=1", 3, Problem::Tag),
        ("m, value=1", 3, Problem::Tag),
        ("m,hostname=a\\", 13, Problem::LoneBackslash),
        ("m value", 8, Problem::Field),
        ("m value=1,", 11, Problem::Field),
        ("m =1", 3, Problem::Field),
        ("m usage=1", 10, Problem::NoKnownField),
        ("m value=", 9, Problem::Value),
        ("m value=abc", 9, Problem::Value),
        ("m value=NaN", 9, Problem::Value),
        ("m value=inf", 9, Problem::Value),
        ("m value=-1u", 9, Problem::Value),
        ("m value=1e999", 9, Problem::ValueRange),
        ("m value=9223372036854775808i", 9, Problem::ValueRange),
        ("m value=12abc", 11, Problem::AfterValue),
        ("m value=\"a", 9, Problem::OpenText),
        ("m value=\"a\"b", 12, Problem::AfterValue),
        ("m value=tru", 9, Problem::Value),
        ("m value=1,note=x", 16, Problem::Value),
        ("m value=1 abc", 11, Problem::Time),
        ("m value=1 1.5", 11, Problem::Time),
        ("m value=1 9223372036854775808", 11, Problem::Time),
        ("m value=1 5 6", 13, Problem::AfterTime),
        ("m event=\"x\" soon", 13, Problem::Time),
    ] {
        assert_eq!(error(line), LineError { column, problem }, "{line}");
    }
    assert_eq!(
        error("m value=1 1.5").to_string(),
        "column 11: the time must be a whole number of at most 64 bits"
    );
}

#[test]
fn a_line_that_is_cut_off_is_judged_as_it_stands() {
    let body = "m,hostname=h value=12 1700000000";
    assert_eq!(sample(&body[..21]), "m//h//// 12 -");
    assert_eq!(sample(&body[..24]), "m//h//// 12 17");
    assert_eq!(one(&body[..19]), Err(Problem::Value));
    assert_eq!(one(&body[..9]), Err(Problem::Tag));
}

#[test]
fn a_quote_that_is_never_closed_spoils_its_own_line_alone() {
    assert_eq!(
        read(b"m log=\"a\nm,hostname=h value=1\nm log=\"b\" 5\n"),
        [(1, Err(Problem::OpenText)), (2, Ok("m//h//// 1 -".to_owned())), (3, Ok("log".to_owned())),]
    );
}

#[test]
fn a_text_goes_over_line_ends_and_what_stands_in_it_is_no_line() {
    let sample = |text: &str| Ok(text.to_owned());
    assert_eq!(
        read(b"slurm event=\"a\n\nm,hostname=h value=1\r\n\\\" b\",x=1i 5\r\nm value=2\n"),
        [(1, sample("event")), (5, sample("m////// 2 -"))]
    );
    assert_eq!(
        read(b"m log=\"a\nb\",note=\"c\nd\",value=3 7\n\nm value=4"),
        [(1, sample("m////// 3 7")), (5, sample("m////// 4 -"))]
    );
    assert_eq!(read(b"m log=\"a\nb\""), [(1, sample("log"))]);
    assert_eq!(
        read(b"m value=\"a\nb\"\nm value=1"),
        [(1, sample("not a number")), (3, sample("m////// 1 -"))]
    );
    // What is wrong with the line is told by its first number.
    assert_eq!(
        read(b"m value=1\nm note=\"a\nb\" 5\nm value=2"),
        [(1, sample("m////// 1 -")), (2, Err(Problem::NoKnownField)), (4, sample("m////// 2 -"))]
    );
}

#[test]
fn a_text_that_ends_in_no_way_a_line_can_was_never_closed() {
    for behind in ["b", "\"", " soon", " 5 6", ",x", ",x=", ",=1", ",x=1\"", ",x=\"y", ",x=\"\ny\"z"] {
        let body = format!("m log=\"a\nm value=1\nb\"{behind}\nm value=2\n");
        let lines = read(body.as_bytes());
        assert_eq!(lines[..2], [(1, Err(Problem::OpenText)), (2, Ok("m////// 1 -".to_owned()))], "{body}");
        assert_eq!(lines.last().unwrap().1, Ok("m////// 2 -".to_owned()), "{body}");
    }
}

#[test]
fn names_must_be_utf8_and_what_nobody_reads_need_not() {
    assert_eq!(read(b"m,hostname=\xff value=1"), [(1, Err(Problem::NotUtf8))]);
    assert_eq!(read(b"m,hostname=h,note=\xff value=1 5"), [(1, Ok("m//h//// 1 5".to_owned()))]);
    assert_eq!(read(b"kernel log=\"\xff\" 5"), [(1, Ok("log".to_owned()))]);
    assert_eq!(read("m,hostname=größe value=1".as_bytes()), [(1, Ok("m//größe//// 1 -".to_owned()))]);
}

#[test]
fn times_are_in_the_unit_that_is_given_or_that_their_magnitude_tells() {
    let time = |body: &[u8], precision| match Lines::new(body, precision).next_line() {
        Some(Ok(Line::Sample(sample))) => sample.time_s,
        other => panic!("{other:?}"),
    };
    for text in ["1795450030", "1795450030369", "1795450030369123", "1795450030369123456"] {
        assert_eq!(time(format!("m value=1 {text}").as_bytes(), None), Some(1_795_450_030), "{text}");
    }
    assert_eq!(time(b"m value=1 1795450030", Some(Precision::Milliseconds)), Some(1_795_450));
    assert_eq!(time(b"m value=1 -1", Some(Precision::Nanoseconds)), Some(-1));
    assert_eq!(time(b"m value=1", Some(Precision::Nanoseconds)), None);
}
