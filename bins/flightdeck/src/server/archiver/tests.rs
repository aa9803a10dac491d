use super::*;
use std::sync::mpsc;

#[test]
fn a_round_that_panics_is_not_the_last() {
    let (told, rounds) = mpsc::channel();
    let mut number = 0;
    let round = move || {
        number += 1;
        assert!(number > 1, "the first round fails");
        // Nobody listens after the test.
        let _ = told.send(number);
    };
    let archiver = Archiver::start_with(round, std::thread::yield_now).unwrap();
    assert_eq!(rounds.recv(), Ok(2));
    drop(archiver);
}
