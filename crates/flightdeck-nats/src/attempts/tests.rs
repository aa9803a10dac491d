use super::*;

const EVERY_TROUBLE: [Trouble; 2] = [Trouble::Away, Trouble::Broken];

#[test]
fn what_the_storage_fails_at_comes_again_many_times_before_it_is_given_up() {
    for patience in [
        |deliveries| Patience::HoldingOthersBack { deliveries },
        |deliveries| Patience::HandingBack { deliveries },
    ] {
        let last_word = |deliveries| next(Trouble::Broken, patience(deliveries), BROKEN_ATTEMPTS_MAX, false);
        for deliveries in 1..BROKEN_DELIVERIES_MAX {
            assert_eq!(last_word(deliveries), Next::HandBack, "{deliveries}");
        }
        assert_eq!(last_word(BROKEN_DELIVERIES_MAX), Next::GiveUp);
    }
    let together: u64 = (0..BROKEN_DELIVERIES_MAX - 1).map(|failures| delay(failures).as_secs()).sum();
    assert!(together > 300, "{together} s");
}

#[test]
fn a_storage_that_is_away_costs_nothing_that_comes_again() {
    for deliveries in [1, 1000] {
        let holding = Patience::HoldingOthersBack { deliveries };
        assert_eq!(next(Trouble::Away, holding, 1_000_000, false), Next::TryAgain);
        assert_eq!(next(Trouble::Away, Patience::HandingBack { deliveries }, 1, false), Next::HandBack);
    }
}

#[test]
fn a_listener_that_stops_hands_back_what_comes_again_however_often_it_came() {
    for trouble in EVERY_TROUBLE {
        for patience in
            [Patience::HoldingOthersBack { deliveries: 1000 }, Patience::HandingBack { deliveries: 1000 }]
        {
            assert_eq!(next(trouble, patience, 1, true), Next::HandBack, "{trouble:?}");
        }
        assert_eq!(next(trouble, Patience::SomeTimes, 1, true), Next::GiveUp, "{trouble:?}");
    }
}

#[test]
fn what_comes_once_is_tried_some_times() {
    for (trouble, attempts) in [(Trouble::Away, AWAY_ATTEMPTS_MAX), (Trouble::Broken, BROKEN_ATTEMPTS_MAX)] {
        assert_eq!(next(trouble, Patience::SomeTimes, attempts - 1, false), Next::TryAgain);
        assert_eq!(next(trouble, Patience::SomeTimes, attempts, false), Next::GiveUp);
    }
}
