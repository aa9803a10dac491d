//! Series that begin long after the span they are asked for.

use super::*;

#[test]
fn a_large_job_that_was_measured_at_its_end_alone_has_all_its_hosts() {
    const CORES: usize = 128;
    const HOSTS: usize = 32;
    const BEGIN_S: i64 = BASE_S - 6 * DAY_S;
    let memory = memory_with(5000, 0);
    let hosts: Vec<String> = (0..HOSTS).map(|host| format!("a{host:02}")).collect();
    let ids: Vec<String> = (0..CORES).map(|core| core.to_string()).collect();
    for host in &hosts {
        for id in &ids {
            write(&memory, &of_core(host, id, "load"), &[(BASE_S, 1.0)]);
        }
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let of_host =
        |host: &String| SeriesRequest { metric: "load".into(), host: host.clone(), parts: cores(&ids) };
    let requests: Vec<SeriesRequest> = hosts.iter().map(of_host).collect();
    let answers = memory.read_series("alpha", &requests, span(BEGIN_S, BASE_S + 60));
    for answer in &answers {
        assert_eq!((answer.series.len(), &answer.problem), (CORES, &None));
    }
    let steps = 6 * 24 * 60 + 1;
    let last = answers.last().and_then(|answer| answer.series.last()).unwrap();
    assert_eq!((last.values.len(), last.values.last()), (steps, Some(&1.0)));
}
