use super::*;

#[test]
fn a_store_is_left_alone_for_five_seconds_whatever_the_clock_does() {
    let breaker = Breaker::default();
    assert_eq!(breaker.recent_failure(UnixTime(100)), None);
    assert!(breaker.failed(UnixTime(100), "broken".to_owned()));
    for now in [100, 104] {
        assert_eq!(breaker.recent_failure(UnixTime(now)).unwrap().why, "broken");
    }
    for now in [105, 99, i64::MIN, i64::MAX] {
        assert_eq!(breaker.recent_failure(UnixTime(now)), None, "{now}");
    }
}

#[test]
fn going_and_coming_back_is_noticed_once() {
    let breaker = Breaker::default();
    assert!(!breaker.answered());
    assert!(breaker.failed(UnixTime(100), String::new()));
    assert!(!breaker.failed(UnixTime(106), String::new()));
    assert!(breaker.answered());
    assert!(!breaker.answered());
    assert_eq!(breaker.recent_failure(UnixTime(106)), None);
}
