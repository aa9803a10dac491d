use super::consumer_name;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[test]
fn every_purpose_and_subject_has_a_consumer_of_its_own_with_a_legal_name() {
    let subjects =
        ["cc.job.event", "cc_job_event", "cc.job-event", "cc.*.event", "cc.>", "cc.=2a=", "cc.jobs*"];
    let mut names = BTreeSet::new();
    for purpose in ["jobs", "nodes", "samples"] {
        for subject in subjects {
            let name = consumer_name("flightdeck", purpose, subject);
            let is_legal = |one: char| one.is_ascii_graphic() && !matches!(one, '.' | '*' | '>' | '/' | '\\');
            assert!(name.chars().all(is_legal), "{name}");
            assert!(names.insert(name.clone()), "{name} is the name of two");
        }
    }
    assert!(names.contains("flightdeck-jobs-cc_job_event"));
}

proptest! {
    #[test]
    fn names_of_consumers_tell_subjects_apart(one in "[a-b._=*>2-]{1,6}", other in "[a-b._=*>2-]{1,6}") {
        let name = |subject: &str| consumer_name("flightdeck", "jobs", subject);
        prop_assert_eq!(one == other, name(&one) == name(&other));
    }
}
