use std::collections::BTreeSet;

use proptest::prelude::*;
use rstest::rstest;

use super::*;

const TEST_LIMIT: usize = 100_000;

fn list(expression: &str) -> NodeList {
    expression.parse().unwrap_or_else(|error| panic!("{expression}: {error}"))
}

fn hosts_of(expression: &str) -> String {
    list(expression).expand(TEST_LIMIT).unwrap().join(" ")
}

fn fold(hosts: &[&str]) -> String {
    NodeList::fold(hosts).unwrap().to_string()
}

#[rstest]
#[case("", "")]
#[case(" \t", "")]
#[case("login", "login")]
#[case("a,b,", "a b")]
#[case(" a1 ,\tb2 , ", "a1 b2")]
#[case("b,a", "b a")]
#[case("a,b,a", "a b")]
#[case("n[1,3,5-7]", "n1 n3 n5 n6 n7")]
#[case("n[7,1-3,2]", "n1 n2 n3 n7")]
#[case("n[8-12]", "n8 n9 n10 n11 n12")]
#[case("n[08-12]", "n08 n09 n10 n11 n12")]
#[case("n[098-101]", "n098 n099 n100 n101")]
#[case("n[98-101]", "n98 n99 n100 n101")]
#[case("n[099-1001,5]", &format!("n5 n099 {} n1000 n1001", (100..1000).map(|n| format!("n{n}")).collect::<Vec<_>>().join(" ")))]
#[case("n[001-3]", "n001 n002 n003")]
#[case("n[1-2,01-02]", "n1 n2 n01 n02")]
#[case("n[0-1]", "n0 n1")]
#[case("n[00-01]", "n00 n01")]
#[case("n[07]", "n07")]
#[case("r[1-2]n[08-10]-ib", "r1n08-ib r1n09-ib r1n10-ib r2n08-ib r2n09-ib r2n10-ib")]
#[case("[1-2]x", "1x 2x")]
#[case("n[1-2][1-2]", "n11 n12 n21 n22")]
#[case("n[1-2]0.cluster_a.example", "n10.cluster_a.example n20.cluster_a.example")]
#[case("[1,11][1,11]", "11 111 1111")]
fn names_these_hosts_in_order(#[case] expression: &str, #[case] hosts: &str) {
    assert_eq!(hosts_of(expression), hosts);
}

#[rstest]
#[case("e[0101-0165]", &["e0101", "e0165", "e0133"], &["e101", "e0100", "e0166", "e00101", "xe0101", "e0101x", "e", "", "E0101"])]
#[case("[1-10]", &["1", "7", "10"], &["07", "0", "11", "010", "1 "])]
#[case("n[098-101]", &["n098", "n100", "n101"], &["n98", "n0100", "n102"])]
#[case("n[1-10][1-10]", &["n11", "n110", "n101", "n1010"], &["n1", "n00", "n1011", "n011"])]
#[case("n[1-100][1-100]0[1-2]", &["n1101", "n10010002", "n1102"], &["n1002", "n102", "n10010003"])]
#[case("w11[27-45,49-63,69-72]", &["w1127", "w1145", "w1150", "w1172"], &["w1146", "w1173", "w11", "w112"])]
#[case("a[0531-0537],a0831,a[0931-0934]", &["a0531", "a0831", "a0934"], &["a0538", "a0832", "a0935"])]
#[case("login.site-a.example", &["login.site-a.example"], &["loginxsite-a.example", "login"])]
#[case("", &[], &["", "a"])]
fn contains_whole_names_only(#[case] expression: &str, #[case] inside: &[&str], #[case] outside: &[&str]) {
    let nodes = list(expression);
    for host in inside {
        assert!(nodes.contains(host), "{expression} lacks {host}");
    }
    for host in outside {
        assert!(!nodes.contains(host), "{expression} has {host}");
    }
}

#[test]
fn a_star_is_every_host_and_cannot_be_listed() {
    let any = list(" * ");
    assert!(any.is_any() && any.contains("n1") && any.contains(""));
    assert_eq!(any.count(), None);
    assert_eq!(any.to_string(), "*");
    assert_eq!(any.expand(TEST_LIMIT), Err(NodeListError::EveryHost));
    assert!(!list("").is_any());
}

#[test]
fn huge_lists_are_counted_matched_and_refused_without_being_expanded() {
    let wide = list("n[1-999999999]");
    assert_eq!(wide.count(), Some(999_999_999));
    assert!(wide.contains("n123456789") && !wide.contains("n0123456789"));
    assert_eq!(
        wide.expand(TEST_LIMIT),
        Err(NodeListError::TooLarge { hosts: 999_999_999, limit: TEST_LIMIT })
    );
    assert_eq!(list("a[1-99999]b[1-99999]").count(), Some(99_999 * 99_999));
    let saturated = list("a[0-999999999999999999]b[0-999999999999999999],c[0-999999999999999999]");
    assert_eq!(saturated.count(), Some(u64::MAX));
    assert_eq!(
        saturated.expand(usize::MAX - 1).unwrap_err().to_string(),
        "node list has 18446744073709551615 hosts: at most 18446744073709551614 can be listed"
    );
}

#[test]
fn the_limit_is_the_largest_number_of_hosts_that_is_listed() {
    assert_eq!(list("n[1-3]").expand(3).unwrap().len(), 3);
    assert_eq!(list("n[1-3]").expand(2), Err(NodeListError::TooLarge { hosts: 3, limit: 2 }));
}

#[test]
fn many_adjacent_brackets_are_matched_in_good_time() {
    let nodes = list(&format!("n{}x", "[1-999999]".repeat(40)));
    assert!(nodes.contains(&format!("n{}x", "1".repeat(120))));
    assert!(!nodes.contains(&format!("n{}y", "1".repeat(120))));
}

#[rstest]
#[case("n[1-3", "unclosed bracket at byte 1 of the node list: \"]\" is missing")]
#[case("a,n[", "unclosed bracket at byte 3 of the node list: \"]\" is missing")]
#[case("n[1,", "unclosed bracket at byte 1 of the node list: \"]\" is missing")]
#[case("n[1-", "unclosed bracket at byte 1 of the node list: \"]\" is missing")]
#[case("n[]", "empty brackets at byte 1 of the node list: expected numbers such as 1,3,5-9")]
#[case("n[1-2,]", "unexpected ']' at byte 6 of the node list: expected a number")]
#[case("n[,1]", "unexpected ',' at byte 2 of the node list: expected a number")]
#[case("n[1-]", "unexpected ']' at byte 4 of the node list: expected a number")]
#[case("n[-1]", "unexpected '-' at byte 2 of the node list: expected a number")]
#[case("n[a]", "unexpected 'a' at byte 2 of the node list: expected a number")]
#[case("n[1a]", "unexpected 'a' at byte 3 of the node list: expected a digit, '-', a comma or \"]\"")]
#[case("n[1-2-3]", "unexpected '-' at byte 5 of the node list: expected a digit, a comma or \"]\"")]
#[case("n[1[2]]", "unexpected '[' at byte 3 of the node list: expected a digit, '-', a comma or \"]\"")]
#[case("x,n[09-01]", "reversed range 09-01 at byte 4 of the node list: the smaller number comes first")]
#[case("n[1,10-9]", "reversed range 10-9 at byte 4 of the node list: the smaller number comes first")]
#[case("n[1-010]", "range 1-010 at byte 2 of the node list pads its ends to different widths")]
#[case("n[01-002]", "range 01-002 at byte 2 of the node list pads its ends to different widths")]
#[case("n[1234567890123456789]", "number at byte 2 of the node list has more than 18 digits")]
#[case(
    "n]",
    "unexpected ']' at byte 1 of the node list: expected a letter, a digit, '-', '.', '_', \"[\" or a comma"
)]
#[case(
    "n1 n2",
    "unexpected 'n' at byte 3 of the node list: expected a letter, a digit, '-', '.', '_', \"[\" or a comma"
)]
#[case(
    "n1,-a",
    "unexpected '-' at byte 3 of the node list: expected a letter, a digit or \"[\" (a \"*\" has to stand alone)"
)]
#[case(
    "n1,*",
    "unexpected '*' at byte 3 of the node list: expected a letter, a digit or \"[\" (a \"*\" has to stand alone)"
)]
#[case(
    "nö1",
    "unexpected 'ö' at byte 1 of the node list: expected a letter, a digit, '-', '.', '_', \"[\" or a comma"
)]
#[case(",", "empty term at byte 0 of the node list: expected a host name before the comma")]
#[case("a,,b", "empty term at byte 2 of the node list: expected a host name before the comma")]
fn refuses_with_the_place_and_the_piece(#[case] expression: &str, #[case] message: &str) {
    assert_eq!(expression.parse::<NodeList>().unwrap_err().to_string(), message);
}

#[test]
fn oversized_expressions_are_refused() {
    let long = "a".repeat(MAX_EXPRESSION_BYTES + 1);
    assert_eq!(long.parse::<NodeList>(), Err(NodeListError::TooLong { bytes: long.len() }));
    assert_eq!("a,".repeat(MAX_TERMS + 1).parse::<NodeList>(), Err(NodeListError::TooManyTerms));
    assert!("a,".repeat(MAX_TERMS).parse::<NodeList>().is_ok());

    let longest_host = "a".repeat(MAX_HOST_BYTES - 2);
    assert!(format!("{longest_host}[1-99]").parse::<NodeList>().is_ok());
    let too_long = format!("b,{longest_host}[1-100]").parse::<NodeList>();
    assert_eq!(too_long, Err(NodeListError::HostTooLong { position: 2 }));
}

#[test]
fn an_expression_that_would_print_too_long_is_refused() {
    let grows_when_printed = format!("n[{}1]", "000000000000000010-11,000000000000000020-21,".repeat(1450));
    assert!(grows_when_printed.parse::<NodeList>().is_ok(), "repetitions are printed once");
    let numbers: Vec<String> = (0..3000).map(|n| format!("{:017}-{}", 10 * n + 1, 10 * n + 2)).collect();
    let spread = format!("n[{}]", numbers.join(","));
    assert!(spread.len() < 80_000);
    assert!(matches!(spread.parse::<NodeList>(), Err(NodeListError::TooLong { .. })));
}

#[rstest]
#[case(" n[3,1-2,02-3] , m[5],k[1,2,3,7]", "n[1-3,02-03],m5,k[1-3,7]")]
#[case("n[1-9,10-12]", "n[1-12]")]
#[case("n[001-64]", "n[001-064]")]
#[case("n[098-101]", "n[098-101]")]
#[case("f[2157-2188,2257-2288]", "f[2157-2188,2257-2288]")]
#[case("b,a,", "b,a")]
fn prints_a_normal_form(#[case] expression: &str, #[case] printed: &str) {
    assert_eq!(list(expression).to_string(), printed);
    assert_eq!(list(printed), list(expression));
}

#[rstest]
#[case(&[], "")]
#[case(&["login"], "login")]
#[case(&["a01", "a02", "a03", "a07", "login"], "a[01-03,07],login")]
#[case(&["login", "a07", "a03", "a01", "a02", "a01"], "a[01-03,07],login")]
#[case(&["n12", "n8", "n9", "n11", "n10"], "n[8-12]")]
#[case(&["n098", "n099", "n100"], "n[098-100]")]
#[case(&["node1", "node2", "node01", "node02"], "node[1-2,01-02]")]
#[case(&["node1-ib", "node2-ib", "node1", "node2"], "node[1-2],node[1-2]-ib")]
#[case(&["a1", "a2"], "a1,a2")]
#[case(&["1", "2", "5"], "1,2,5")]
#[case(&["1", "2", "3", "4", "5"], "[1-5]")]
#[case(&["node1.site2.example", "node2.site2.example"], "node[1-2].site2.example")]
#[case(&["n1234567890123456789x1", "n1234567890123456789x2"], "n1234567890123456789x[1-2]")]
fn folds_to_the_shortest_sensible_form(#[case] hosts: &[&str], #[case] expression: &str) {
    assert_eq!(fold(hosts), expression);
}

#[rstest]
#[case("r[01-02]n[01-10]")]
#[case("rack[1-3]-n[1-4]-ib[0-1]")]
#[case("r[01-02]n[01-10],r03n[01-05]")]
// Gathered by the last number first this would be r[1,3,5]n[1-2],r[2,4]n[1,3],r[6-9]n1.
#[case("r[1,3,5]n2,r[1-9]n1,r[2,4]n3")]
fn folds_in_several_dimensions(#[case] expression: &str) {
    let hosts = list(expression).expand(TEST_LIMIT).unwrap();
    assert_eq!(NodeList::fold(hosts).unwrap().to_string(), expression);
}

#[rstest]
#[case("", "host name \"\" cannot")]
#[case("a,b", "host name \"a,b\" cannot")]
#[case("*", "host name \"*\" cannot")]
#[case("-a", "host name \"-a\" cannot")]
#[case("a\nb", "host name \"a\\nb\" cannot")]
fn a_fold_refuses_names_that_an_expression_cannot_hold(#[case] host: &str, #[case] message: &str) {
    let error = NodeList::fold(["fine", host]).unwrap_err().to_string();
    assert!(error.starts_with(message), "{error}");
}

#[test]
fn is_a_string_in_json() {
    let nodes: NodeList = serde_json::from_str("\"n[01-02],login\"").unwrap();
    assert_eq!(serde_json::to_string(&nodes).unwrap(), "\"n[01-02],login\"");
    let wrong_type = serde_json::from_str::<NodeList>("[\"a\"]").unwrap_err().to_string();
    assert!(wrong_type.contains("expected a node list such as"), "{wrong_type}");
    assert!(
        serde_json::from_str::<NodeList>("\"n[2-1]\"").unwrap_err().to_string().starts_with("reversed range")
    );
}

/// A number with up to three digits of padding, so that padded and plain ones and carries meet.
fn number_text() -> impl Strategy<Value = String> {
    (0..1200_u32, 0..5_usize).prop_map(|(number, width)| format!("{number:0width$}"))
}

/// Host names of few shapes, so that many of them fold together.
fn host() -> impl Strategy<Value = String> {
    let small = || (0..12_u32, 0..4_usize).prop_map(|(number, width)| format!("{number:0width$}"));
    prop_oneof![
        number_text(),
        number_text().prop_map(|n| format!("a{n}")),
        (number_text(), "(-ib|\\.example|_x)").prop_map(|(n, suffix)| format!("a{n}{suffix}")),
        (small(), small()).prop_map(|(r, n)| format!("r{r}n{n}")),
        (small(), small(), small()).prop_map(|(r, c, n)| format!("r{r}-c{c}n{n}-ib")),
        "[a-z0-9][a-z0-9._-]{0,25}",
    ]
}

fn bracket() -> impl Strategy<Value = String> {
    let range = (0..120_u32, 0..30_u32, 0..4_usize).prop_map(|(first, more, width)| match more {
        0 => format!("{first:0width$}"),
        _ => format!("{first:0width$}-{:0width$}", first + more),
    });
    prop::collection::vec(range, 1..4).prop_map(|ranges| format!("[{}]", ranges.join(",")))
}

fn term() -> impl Strategy<Value = String> {
    let literal = || "(|0|1|a|b-|1\\.c_)";
    prop_oneof![
        "[a-z][a-z0-9]{0,4}",
        (bracket(), literal()).prop_map(|(numbers, suffix)| format!("{numbers}{suffix}")),
        (literal(), bracket(), literal(), bracket(), literal())
            .prop_map(|(start, first, middle, second, end)| format!("n{start}{first}{middle}{second}{end}")),
    ]
}

fn expression() -> impl Strategy<Value = String> {
    prop::collection::vec(term(), 0..4).prop_map(|terms| terms.join(","))
}

/// Names near the ones that an expression makes: with a digit more, less or different.
fn neighbours(host: &str) -> Vec<String> {
    let edits = host.char_indices().flat_map(|(at, c)| {
        let (before, from) = host.split_at(at);
        let after = &from[c.len_utf8()..];
        [format!("{before}{after}"), format!("{before}0{from}"), format!("{before}9{after}")]
    });
    edits.chain([format!("{host}0"), format!("{host}a")]).collect()
}

proptest! {
    #[test]
    fn folding_and_expanding_gives_the_same_hosts(hosts in prop::collection::btree_set(host(), 0..60)) {
        let folded = NodeList::fold(&hosts).unwrap();
        let expanded: BTreeSet<String> = folded.expand(TEST_LIMIT).unwrap().into_iter().collect();
        prop_assert_eq!(&expanded, &hosts);
        prop_assert_eq!(folded.count(), Some(hosts.len() as u64));

        let plain: Vec<&str> = hosts.iter().map(String::as_str).collect();
        prop_assert!(folded.to_string().len() <= plain.join(",").len());
        prop_assert_eq!(folded.to_string().parse(), Ok(folded));
    }

    #[test]
    fn contains_what_it_expands_to_and_nothing_else(expression in expression()) {
        let nodes = list(&expression);
        let hosts = nodes.expand(TEST_LIMIT).unwrap();
        let set: BTreeSet<&str> = hosts.iter().map(String::as_str).collect();
        prop_assert_eq!(set.len(), hosts.len());
        prop_assert!(hosts.len() as u64 <= nodes.count().unwrap());
        for host in &hosts {
            prop_assert!(nodes.contains(host), "{} lacks {}", expression, host);
        }
        for host in hosts.iter().step_by(hosts.len() / 20 + 1).flat_map(|host| neighbours(host)) {
            prop_assert_eq!(nodes.contains(&host), set.contains(host.as_str()), "{} and {}", expression, host);
        }
    }

    #[test]
    fn the_normal_form_names_the_same_hosts_and_stays(expression in expression()) {
        let nodes = list(&expression);
        let printed = nodes.to_string();
        prop_assert_eq!(list(&printed).to_string(), printed.clone());
        prop_assert_eq!(list(&printed).expand(TEST_LIMIT), nodes.expand(TEST_LIMIT));
    }

    #[test]
    fn no_text_panics(expression in "\\PC*", host in "\\PC*") {
        let _ = expression.parse::<NodeList>().map(|nodes| nodes.contains(&host));
        let _ = NodeList::fold([expression, host]);
    }

    #[test]
    fn no_text_that_looks_like_an_expression_panics(expression in "[n0-9\\[\\], *.-]{0,40}", host in "[n0-9.-]{0,30}") {
        if let Ok(nodes) = expression.parse::<NodeList>() {
            let within_limit = nodes.count().is_some_and(|count| count <= 100);
            let hosts = nodes.expand(100);
            prop_assert_eq!(hosts.is_ok(), within_limit);
            if let Ok(hosts) = hosts {
                prop_assert_eq!(hosts.contains(&host), nodes.contains(&host));
            }
            prop_assert_eq!(nodes.to_string().parse(), Ok(nodes));
        }
    }
}
