use super::*;
use proptest::prelude::*;

fn key(cluster: &str, job_id: i64, start: i64) -> JobKey {
    JobKey { cluster: cluster.to_owned(), job_id, start_time: UnixTime(start) }
}

#[test]
fn a_job_lies_where_the_format_says() {
    let layout = Layout::new("/a");
    let job = JobPath::of(&key("emmy", 1_403_244, 1_608_923_076)).unwrap();
    assert_eq!(layout.meta_file(&job), Path::new("/a/emmy/1403/244/1608923076/meta.json"));
    let small = JobPath::of(&key("emmy", 7, 12)).unwrap();
    assert_eq!(layout.packed_data_file(&small), Path::new("/a/emmy/0/007/12/data.json.gz"));
}

#[test]
fn a_name_that_leads_elsewhere_has_no_place() {
    for cluster in ["", ".", "..", "../x", "a/b", "a\\b", "/etc", ".git", "a\0b", &"x".repeat(256)] {
        assert_eq!(JobPath::of(&key(cluster, 1, 1)), None, "{cluster:?}");
    }
    assert_eq!(JobPath::of(&key("emmy", -1, 1)), None);
    assert_eq!(JobPath::of(&key("emmy", 1, -1)), None);
}

#[test]
fn a_location_has_exactly_one_form() {
    for location in [
        "",
        "emmy",
        "emmy/1403/244",
        "emmy/1403/244/1/2",
        "emmy/1403/44/1",
        "emmy/1403/0244/1",
        "emmy/01403/244/1",
        "emmy/1403/244/01",
        "emmy/1403/244/-1",
        "emmy/+1/244/1",
        "emmy/1403/2a4/1",
        "emmy/1403/244/",
        "/emmy/1403/244/1",
        "../1403/244/1",
        "emmy/9223372036854775807/244/1",
        "emmy/1403/244/99999999999999999999",
    ] {
        assert_eq!(JobPath::parse(location), None, "{location:?}");
    }
}

#[test]
fn the_place_of_a_folder_leads_back_to_it() {
    let layout = Layout::new("/a");
    let emmy = ClusterName::new("emmy").unwrap();
    for folder in [
        layout.cluster_folder(&emmy),
        layout.thousands_folder(&emmy, 1403),
        layout.number_folder(&emmy, 1_403_007),
    ] {
        assert_eq!(layout.folder_above_jobs(&layout.place_of(&folder)), Some(folder));
    }
    for place in ["", "..", "emmy/..", "emmy/1403/7", "emmy/1403/007/", "emmy/1403/007/1"] {
        assert_eq!(layout.folder_above_jobs(place), None, "{place:?}");
    }
}

proptest! {
    #[test]
    fn every_job_is_found_again_by_its_location(job_id in 0..i64::MAX, start in 0..i64::MAX) {
        let job = JobPath::of(&key("emmy", job_id, start)).unwrap();
        prop_assert_eq!(JobPath::parse(&job.to_string()), Some(job));
    }

    #[test]
    fn no_location_leads_out_of_the_root(location in r"[a./0-9\\]{0,24}") {
        if let Some(job) = JobPath::parse(&location) {
            let folder = Layout::new("/root").job_folder(&job);
            prop_assert!(folder.starts_with("/root"));
            prop_assert!(folder.components().all(|part| part.as_os_str() != ".."));
        }
    }
}
