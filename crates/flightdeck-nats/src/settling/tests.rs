use super::*;
use crate::events::ORPHAN_STOP_DELIVERIES_MAX;

#[test]
fn a_message_stays_away_longer_each_time_but_never_for_ever() {
    let delays: Vec<_> = (0..100).map(delay).collect();
    assert!(delays.is_sorted());
    assert_eq!(delays[0], DELAY_FIRST);
    assert_eq!(delays[99], DELAY_MAX);
    assert_eq!(delay(u64::MAX), DELAY_MAX);
}

#[test]
fn an_orphan_stop_outlasts_a_start_that_a_dead_process_had_fetched() {
    let together: Duration = (0..ORPHAN_STOP_DELIVERIES_MAX - 1).map(delay).sum();
    assert!(together > 2 * ACK_WAIT, "{together:?}");
}

#[test]
fn a_listener_that_stops_leaves_its_messages_to_the_next_at_once() {
    let (stop, stopping) = Signal::new();
    assert!(matches!(kind_of(Verdict::Again, 3, &stopping), AckKind::Nak(Some(_))));
    stop.send_replace(true);
    assert!(matches!(kind_of(Verdict::Again, 3, &stopping), AckKind::Nak(None)));
    assert!(matches!(kind_of(Verdict::Done, 3, &stopping), AckKind::Ack));
    assert!(matches!(kind_of(Verdict::Refused, 3, &stopping), AckKind::Term));
}
