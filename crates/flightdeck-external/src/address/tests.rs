use super::*;

#[test]
fn the_query_is_below_the_base_whether_that_ends_with_a_slash_or_not() {
    for (url, query) in [
        ("http://store:8082", "http://store:8082/api/query?version=v2"),
        ("http://store:8082/", "http://store:8082/api/query?version=v2"),
        (" https://[::1]/metrics/one/ ", "https://[::1]/metrics/one/api/query?version=v2"),
        ("HTTP://Store", "http://Store/api/query?version=v2"),
    ] {
        let address = Address::parse(url).unwrap();
        assert_eq!(address.query, query);
        assert_eq!(address.is_https, query.starts_with("https"));
    }
}

#[test]
fn what_is_no_base_of_a_server_is_refused_without_being_shown() {
    for url in [
        "",
        "store:8082",
        "ftp://store",
        "http://",
        "http://user:hunter2@store",
        "http://hunter2@store",
        "http://store/?token=hunter2",
        "http://store/#hunter2",
        "http://st ore/hunter2",
    ] {
        let error = Address::parse(url).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{url}: {error}");
    }
}
