use super::*;
use crate::error::ApiError;
use flightdeck_model::{
    AuditAction, AuditOutcome, JobState, OmitTagged, Range, SortKey, TimePrecision, UnixTime,
};
use flightdeck_service::ListJobs;
use proptest::prelude::*;
use rstest::rstest;

fn list(query: &str) -> Result<ListJobs, ApiError> {
    JobListQuery::read(&QueryPairs::parse(query)?, 25).map(|JobListQuery(request)| request)
}

fn refusal(query: &str) -> (String, String) {
    match list(query) {
        Err(ApiError::Invalid { field, reason }) => (field, reason),
        other => panic!("{query} is not refused as invalid: {other:?}"),
    }
}

fn pairs(query: &str) -> QueryPairs<'_> {
    QueryPairs::parse(query).unwrap()
}

#[rstest]
#[case("", None, None)]
#[case("cluster=&precision=s", None, Some(TimePrecision::Seconds))]
#[case("cluster=a%20b%2Fc&precision=ms", Some("a b/c"), Some(TimePrecision::Milliseconds))]
#[case("precision=us&db=x&cluster=alpha&rp=y", Some("alpha"), Some(TimePrecision::Microseconds))]
#[case("precision=u", None, Some(TimePrecision::Microseconds))]
#[case("precision=ns", None, Some(TimePrecision::Nanoseconds))]
#[case("precision=n", None, Some(TimePrecision::Nanoseconds))]
fn a_write_is_told_its_cluster_and_unit(
    #[case] query: &str,
    #[case] cluster: Option<&str>,
    #[case] precision: Option<TimePrecision>,
) {
    let read = WriteQuery::read(&pairs(query)).unwrap();
    assert_eq!(read, WriteQuery { cluster: cluster.map(str::to_owned), precision });
}

#[rstest]
#[case("precision=")]
#[case("precision=S")]
#[case("precision=minutes")]
fn an_unknown_unit_is_refused(#[case] query: &str) {
    assert!(WriteQuery::read(&pairs(query)).unwrap_err().to_string().starts_with("precision: "));
}

#[rstest]
#[case("", &[], 1, 1000)]
#[case("selector=", &[], 1, 1000)]
#[case("selector=alpha:a001&page=3&items-per-page=10", &["alpha", "a001"], 3, 10)]
#[case("selector-part=00000000:01:00.0&selector=alpha:a001&selector-part=x%26y", &["alpha", "a001", "00000000:01:00.0", "x&y"], 1, 1000)]
#[case("selector-part=alpha", &["alpha"], 1, 1000)]
fn a_selector_has_parts_that_are_split_and_parts_that_are_not(
    #[case] query: &str,
    #[case] path: &[&str],
    #[case] page: u64,
    #[case] items: u64,
) {
    let read = ContentQuery::read(&pairs(query)).unwrap();
    assert_eq!(read.path, path);
    assert_eq!((read.page.page, read.page.items_per_page), (page, items));
}

#[rstest]
#[case("selector=alpha:")]
#[case("selector=:a001")]
#[case("selector-part=")]
#[case("selector=a&selector=b")]
#[case("items-per-page=1001")]
#[case("page=0")]
#[case("depth=2")]
fn a_selector_that_is_none_is_refused(#[case] query: &str) {
    assert!(ContentQuery::read(&pairs(query)).is_err());
}

#[test]
fn without_parameters_the_first_25_jobs_are_asked_for() {
    let request = list("").unwrap();
    assert_eq!(request, ListJobs::default());
    assert_eq!((request.page, request.items_per_page), (1, 25));
    assert!(request.order.descending && request.order.key == SortKey::StartTime);
}

#[rstest]
#[case("state=sleeping", "state", "out_of_memory")]
#[case("start-time=17", "start-time", "<from>-<to>")]
#[case("start-time=a-b", "start-time", "Unix seconds")]
#[case("start-time=-5-10", "start-time", "<from>-<to>")]
#[case("start-time=1-99999999999999999999", "start-time", "<from>-<to>")]
#[case("page=0", "page", "at least 1")]
#[case("page=99999999999999999999", "page", "whole number")]
#[case("page=", "page", "whole number")]
#[case("items-per-page=-3", "items-per-page", "at least 1")]
#[case("items-per-page=2.5", "items-per-page", "whole number")]
#[case("with-metadata=perhaps", "with-metadata", "neither true nor false")]
#[case("job-id=abc", "job-id", "whole number")]
#[case("array-job-id=0", "array-job-id", "at least 1")]
#[case("num-nodes=8-4", "num-nodes", "from not above to")]
#[case("num-nodes=-", "num-nodes", "from-to")]
#[case("num-nodes=1-2-3", "num-nodes", "from-to")]
#[case("duration=1.5", "duration", "from-to")]
#[case("energy=NaN", "energy", "from-to")]
#[case("energy=inf", "energy", "from-to")]
#[case("user=", "user", "empty")]
#[case("tag=:good", "tag", "empty")]
#[case("tag=quality:", "tag", "empty")]
#[case("sort=", "sort", "empty")]
#[case("user=a&user=b", "user", "more than once")]
fn nonsense_is_refused_by_name(#[case] query: &str, #[case] field: &str, #[case] allowed: &str) {
    let (found, reason) = refusal(query);
    assert_eq!(found, field);
    assert!(reason.contains(allowed), "{reason}");
}

#[rstest]
#[case("colour=red")]
#[case("jobId=7")]
#[case("userName=root")]
#[case("all=true")]
#[case("State=running")]
fn a_parameter_that_does_not_exist_is_refused_with_those_that_do(#[case] query: &str) {
    let (field, reason) = refusal(query);
    assert_eq!(field, format!("\"{}\"", query.split('=').next().unwrap()));
    assert!(reason.contains("array-job-id") && reason.contains("sort"), "{reason}");
}

#[test]
fn a_long_value_is_not_repeated_whole_in_the_refusal() {
    let (_, reason) = refusal(&format!("job-id={}", "x".repeat(5000)));
    assert!(reason.len() < 200, "{reason}");
}

#[test]
fn states_add_up_and_of_the_old_single_parameters_the_first_counts() {
    let request = list("state=failed&state=timeout&state=failed&cluster=a&cluster=b&page=2&page=x").unwrap();
    assert_eq!(request.filter.states, [JobState::Failed, JobState::Timeout]);
    assert_eq!(request.filter.cluster.as_deref(), Some("a"));
    assert_eq!(request.page, 2);
}

#[rstest]
#[case("4-8", Some(4), Some(8))]
#[case("4-", Some(4), None)]
#[case("-8", None, Some(8))]
#[case("0", Some(0), Some(0))]
fn ranges_may_be_open_or_one_value(#[case] text: &str, #[case] from: Option<i64>, #[case] to: Option<i64>) {
    let request = list(&format!("num-nodes={text}")).unwrap();
    assert_eq!(request.filter.num_nodes, Some(Range { from, to }));
}

#[test]
fn a_window_that_ends_before_it_begins_is_an_empty_window() {
    let request = list("start-time=20-10").unwrap();
    assert_eq!(request.filter.start_time, Some(Range { from: Some(20), to: Some(10) }));
}

#[rstest]
#[case("with-metadata", true)]
#[case("with-metadata=", true)]
#[case("with-metadata=true", true)]
#[case("with-metadata=false", false)]
fn with_metadata_means_what_it_says(#[case] query: &str, #[case] expected: bool) {
    assert_eq!(list(query).unwrap().with_metadata, expected);
}

#[test]
fn tags_are_given_by_type_and_name_or_by_name_alone() {
    let tags = list("tag=quality:good&tag=idle&tag=a:b:c").unwrap().filter.tags;
    let pairs: Vec<_> = tags.iter().map(|tag| (tag.tag_type.as_deref(), tag.name.as_str())).collect();
    assert_eq!(pairs, [(Some("quality"), "good"), (None, "idle"), (Some("a"), "b:c")]);
}

#[test]
fn a_minus_sorts_descending() {
    let ascending = list("sort=energy").unwrap().order;
    let descending = list("sort=-mem_used_max").unwrap().order;
    assert!(!ascending.descending && ascending.key == SortKey::Energy);
    assert!(descending.descending && descending.key == SortKey::Footprint("mem_used_max".to_owned()));
}

#[test]
fn percent_and_plus_are_decoded() {
    let request = list("project=a%2Bb+c&user=%C3%BC").unwrap();
    assert_eq!(request.filter.project.as_deref(), Some("a+b c"));
    assert_eq!(request.filter.user.as_deref(), Some("ü"));
}

#[rstest]
#[case("resolution=-1", "resolution")]
#[case("resolution=abc", "resolution")]
#[case("max-points=1", "max-points")]
#[case("resample=spline", "resample")]
fn resampling_parameters_are_checked(#[case] query: &str, #[case] field: &str) {
    match ResampleQuery::read(&QueryPairs::parse(query).unwrap()) {
        Err(ApiError::Invalid { field: found, .. }) => assert_eq!(found, field),
        other => panic!("{other:?}"),
    }
}

#[test]
fn resolution_0_and_a_number_of_points_switch_the_default_off() {
    let read = |query| ResampleQuery::read(&QueryPairs::parse(query).unwrap()).unwrap();
    assert_eq!(read("").resolution_or(Some(240)), Some(240));
    assert_eq!(read("resolution=60").resolution_or(Some(240)), Some(60));
    assert_eq!(read("resolution=0").resolution_or(Some(240)), None);
    assert_eq!(read("max-points=100").resolution_or(Some(240)), None);
}

fn audit(query: &str) -> Result<AuditQuery, ApiError> {
    AuditQuery::read(&QueryPairs::parse(query)?)
}

#[test]
fn the_audit_log_is_searched_by_all_that_is_asked() {
    let wanted = audit(
        "user=robot&action=stop_job&action=tag_job&outcome=refused&object=alpha/1/2&time=5-9&page=3&items-per-page=10",
    )
    .unwrap();
    assert_eq!(wanted.filter.username.as_deref(), Some("robot"));
    assert_eq!(wanted.filter.actions, [AuditAction::StopJob, AuditAction::TagJob]);
    assert_eq!(wanted.filter.outcomes, [AuditOutcome::Refused]);
    assert_eq!(wanted.filter.object.as_deref(), Some("alpha/1/2"));
    assert_eq!(wanted.filter.time, Some(Range { from: Some(5), to: Some(9) }));
    assert_eq!((wanted.page.entries().offset, wanted.page.entries().limit), (20, 10));
    let usual = audit("").unwrap().page;
    assert_eq!((usual.page, usual.items_per_page), (1, 25));
    assert_eq!(PageQuery { page: u64::MAX, items_per_page: 1000 }.entries().offset, u64::MAX);
}

#[rstest]
#[case("colour=red", "colour")]
#[case("user=a&user=b", "user")]
#[case("action=dance", "action")]
#[case("outcome=maybe", "outcome")]
#[case("time=5", "time")]
#[case("page=0", "page")]
#[case("items-per-page=1001", "items-per-page")]
#[case("items-per-page=x", "items-per-page")]
#[case("user=a%00b", "user")]
#[case("%00=1", "NUL")]
fn a_search_of_the_audit_log_that_makes_no_sense_is_refused(#[case] query: &str, #[case] named: &str) {
    let refused = audit(query).unwrap_err().to_string();
    assert!(refused.contains(named), "{refused}");
}

fn deletion(query: &str) -> Result<DeleteJobsQuery, ApiError> {
    DeleteJobsQuery::read(UnixTime(7), &QueryPairs::parse(query)?)
}

#[test]
fn jobs_are_deleted_with_care_unless_asked_otherwise() {
    let DeleteJobsQuery(usual) = deletion("").unwrap();
    assert_eq!(usual.started_before, UnixTime(7));
    assert_eq!(usual.omit_tagged, OmitTagged::None);
    assert!(!usual.include_running && !usual.with_archive);
    let DeleteJobsQuery(all) = deletion("omit-tagged=user&include-running=true&with-archive=true").unwrap();
    assert_eq!(all.omit_tagged, OmitTagged::User);
    assert!(all.include_running && all.with_archive);
}

#[rstest]
#[case("omit-tagged=some")]
#[case("omit-tagged=")]
#[case("include-running")]
#[case("include-running=1")]
#[case("with-archive=yes")]
#[case("with-archive=true&with-archive=false")]
#[case("with_archive=true")]
#[case("Omit-Tagged=all")]
fn a_deletion_is_never_guessed(#[case] query: &str) {
    assert!(matches!(deletion(query), Err(ApiError::Invalid { .. })), "{query}");
    assert!(DeleteJobQuery::read(&QueryPairs::parse(query).unwrap()).is_err(), "{query}");
}

proptest! {
    #[test]
    fn any_query_string_is_read_or_refused_by_name(query in "\\PC{0,200}") {
        match list(&query) {
            Ok(request) => prop_assert!(request.page >= 1 && request.items_per_page >= 1),
            Err(ApiError::Invalid { field, reason }) => prop_assert!(!field.is_empty() && !reason.is_empty()),
            Err(other) => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn known_parameters_with_any_value_never_panic(
        key in prop::sample::select(vec![
            "state", "start-time", "page", "items-per-page", "job-id", "num-nodes", "duration", "energy", "tag",
            "sort", "with-metadata", "array-job-id", "resolution", "max-points", "resample", "scope",
            "action", "outcome", "time", "omit-tagged", "with-archive",
        ]),
        value in "[-+.:0-9a-zA-Z%&=]{0,40}",
    ) {
        let query = format!("{key}={value}");
        if let Ok(pairs) = QueryPairs::parse(&query) {
            let _ = JobListQuery::read(&pairs, 25);
            let _ = ResampleQuery::read(&pairs);
            let _ = ScopeQuery::read(&pairs);
            let _ = AuditQuery::read(&pairs);
            let _ = DeleteJobsQuery::read(UnixTime(0), &pairs);
        }
    }

    #[test]
    fn a_valid_range_is_read_back(from in 0i64..1_000_000, length in 0i64..1_000_000) {
        let to = from + length;
        let request = list(&format!("duration={from}-{to}")).unwrap();
        prop_assert_eq!(request.filter.duration_s, Some(Range { from: Some(from), to: Some(to) }));
    }
}
