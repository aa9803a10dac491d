use super::*;
use std::sync::{Arc, Barrier, mpsc};

fn task(name: &'static str, interval_s: u64, at_start: bool) -> PeriodicTask {
    PeriodicTask { name, interval: Duration::from_secs(interval_s), at_start, keeps_samples: false }
}

/// The names of the tasks that are due, in the order in which they run.
fn names_due(agenda: &mut Agenda, now: Instant) -> Vec<&'static str> {
    std::iter::from_fn(|| agenda.take_due(now).map(|task| task.name)).collect()
}

#[test]
fn a_task_is_due_at_start_or_after_its_first_interval_and_then_at_intervals() {
    let start = Instant::now();
    let after = |seconds| start + Duration::from_secs(seconds);
    let mut agenda = Agenda::new(vec![task("slow", 60, false), task("quick", 25, true)], start);

    assert_eq!(agenda.wait_from(start), Some(Duration::ZERO));
    assert_eq!(names_due(&mut agenda, start), ["quick"]);
    assert_eq!(agenda.wait_from(after(1)), Some(Duration::from_secs(24)));
    assert_eq!(names_due(&mut agenda, after(24)), [""; 0]);
    assert_eq!(names_due(&mut agenda, after(25)), ["quick"]);
    // Both: the one that was due first goes first.
    assert_eq!(names_due(&mut agenda, after(61)), ["quick", "slow"]);
}

#[test]
fn runs_that_were_missed_are_not_made_up_for() {
    let start = Instant::now();
    let mut agenda = Agenda::new(vec![task("only", 10, false)], start);
    let much_later = start + Duration::from_secs(3605);
    assert_eq!(names_due(&mut agenda, much_later), ["only"]);
    assert_eq!(agenda.wait_from(much_later), Some(Duration::from_secs(10)));
}

#[test]
fn the_thread_runs_what_is_due_and_stops_in_the_middle_of_a_long_wait() {
    let (ran, runs) = mpsc::channel();
    let tasks = vec![task("at once", 86_400, true), task("tomorrow", 86_400, false)];
    let schedule = Schedule::start_with("test", Agenda::new(tasks, Instant::now()), move |task| {
        ran.send(task.name).unwrap();
    });
    assert_eq!(runs.recv(), Ok("at once"));
    // The thread waits for tomorrow now; dropping waits for the thread.
    drop(schedule.unwrap());
    assert!(runs.recv().is_err(), "nothing else has run");
}

#[test]
fn without_tasks_the_thread_ends_by_itself() {
    let schedule = Schedule::start_with("test", Agenda::new(Vec::new(), Instant::now()), |_| ());
    let mut without_stopping = schedule.unwrap();
    assert!(without_stopping.thread.take().unwrap().join().is_ok());
}

#[test]
fn a_task_that_hangs_holds_up_none_that_keeps_samples() {
    let (ran, runs) = mpsc::channel();
    let (end, hanging) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (its_end, hangs) = (Arc::clone(&end), Arc::clone(&hanging));
    let keeping = PeriodicTask { keeps_samples: true, ..task("hold", 86_400, true) };
    let schedules = Schedule::start_apart(vec![task("archive", 86_400, true), keeping], move |task| {
        if task.keeps_samples {
            hangs.wait();
            ran.send(task.name).unwrap();
        } else {
            hangs.wait();
            its_end.wait();
        }
    });
    assert_eq!(runs.recv(), Ok("hold"));
    end.wait();
    drop(schedules.unwrap());
}
