use super::*;
use std::iter;

fn skipped(reason: &'static str, lines: u64) -> WriteReport {
    WriteReport { skipped: iter::once((reason, lines)).collect(), ..WriteReport::default() }
}

#[test]
fn all_bodies_are_counted() {
    let totals = LineTotals::default();
    assert_eq!(totals.text(), "lines since the start: 0 stored, 0 bad, 0 skipped");
    totals.add(&WriteReport { stored: 5, bad: 1, ..skipped("event", 2) });
    totals.add(&WriteReport { stored: 6, ..skipped("unknown cluster", 3) });
    totals.add(&skipped("event", 1));
    let text = "lines since the start: 11 stored, 1 bad, 6 skipped (event: 3, unknown cluster: 3)";
    assert_eq!(totals.text(), text);
}

#[test]
fn a_loss_is_told_once_and_what_is_none_never() {
    let totals = LineTotals::default();
    for reason in LOSSES {
        totals.add(&skipped(reason, 2));
    }
    for reason in ["event", "log", "control", "not a number", "unknown metric"] {
        totals.add(&skipped(reason, 1));
    }
    let mut told = totals.new_losses();
    told.sort_unstable();
    let mut losses = LOSSES.map(|reason| (reason, 2));
    losses.sort_unstable();
    assert_eq!(told, losses);
    assert_eq!(totals.new_losses(), []);
    totals.add(&skipped(LOSSES[0], 3));
    assert_eq!(totals.new_losses(), [(LOSSES[0], 3)]);
}
