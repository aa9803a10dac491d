//! The archive follows what is changed of archived jobs, at once or later, and never back to an older state.

use crate::world::{ALL, World, robot_call};
use flightdeck_model::{
    ArchiveWork, AuditFilter, JobKey, JobMatch, MetaEdit, PortErrorKind, TagBody, UnixTime, WhichJob,
};
use flightdeck_testkit::archived_job;
use rstest::rstest;

const TASK: &str = "settle-archive";

fn tag(name: &str) -> TagBody {
    TagBody { tag_type: "debug".into(), name: name.into(), ..TagBody::default() }
}

fn edit(world: &World, key: &str, value: &str) {
    let which = WhichJob::Match(JobMatch { job_id: 1, cluster: None, start_time: None });
    world
        .services
        .edit_meta(&robot_call(), which, &MetaEdit { key: key.into(), value: value.into() })
        .unwrap();
}

fn key() -> JobKey {
    archived_job(1).build().meta.key()
}

#[test]
fn tags_and_metadata_of_an_archived_job_go_into_its_file() {
    let world = World::with_jobs([archived_job(1).metadata("jobName", "first")]);
    let id = world.job(1).id;
    world.services.tag_job(&robot_call(), id, &[tag("slow")]).unwrap();
    edit(&world, "note", "ran hot");
    let meta = world.archived(&key());
    assert_eq!(meta.tags[0].name, "slow");
    assert_eq!(meta.meta_data["note"], "ran hot");
    assert_eq!(meta.meta_data["jobName"], "first");
    world.services.untag_job(&robot_call(), id, &[tag("slow")]).unwrap();
    assert!(world.archived(&key()).tags.is_empty());
    assert!(world.jobs.archive_tasks(10).unwrap().is_empty(), "nothing is left to do");
    assert_eq!(world.import().counts.unchanged, 1, "an import finds nothing new in the file");
}

#[test]
fn tags_that_are_deleted_leave_the_files() {
    let world = World::with_jobs((1..=3).map(archived_job));
    for job_id in 1..=3 {
        world.services.tag_job(&robot_call(), world.job(job_id).id, &[tag("slow")]).unwrap();
    }
    world.services.delete_tags(&robot_call(), &[tag("slow")]).unwrap();
    assert!(world.archived(&key()).tags.is_empty());
}

#[rstest]
#[case::disk_full(Some(PortErrorKind::NoSpace))]
#[case::file_missing(None)]
fn a_change_that_the_archive_cannot_take_is_made_and_told_later(#[case] failure: Option<PortErrorKind>) {
    let world = World::with_jobs([archived_job(1)]);
    match failure {
        Some(kind) => world.archive.fail_writes(Some(kind)),
        None => world.archive.lose_job(&key()),
    }
    edit(&world, "note", "ran hot");
    assert_eq!(world.jobs.archive_tasks(10).unwrap()[0].attempts, 1);
    let run = world.services.run_periodic_task(TASK);
    assert_eq!(run.result, "0 done, 1 failed, 0 put off");
    let task = world.jobs.archive_tasks(10).unwrap().remove(0);
    assert_eq!(task.attempts, 2);
    assert!(!task.problem.is_empty());

    world.archive.fail_writes(None);
    world.archive.insert_job(archived_job(1).build().meta);
    assert_eq!(world.services.run_periodic_task(TASK).result, "1 done, 0 failed, 0 put off");
    assert_eq!(world.archived(&key()).meta_data["note"], "ran hot");
}

#[test]
fn files_that_cannot_be_removed_are_removed_later() {
    let world = World::with_jobs([archived_job(1)]);
    world.archive.fail_writes(Some(PortErrorKind::Internal));
    world.services.delete_job(&robot_call(), WhichJob::Id(world.job(1).id), true).unwrap();
    assert_eq!(world.archived(&key()).job_id, 1, "its files are still there");
    world.archive.fail_writes(None);
    assert_eq!(world.services.run_periodic_task(TASK).result, "1 done, 0 failed, 0 put off");
    assert_eq!(world.import().counts.added, 0);
}

#[test]
fn files_of_a_job_that_came_back_stay() {
    let world = World::with_jobs([archived_job(1)]);
    world.archive.fail_writes(Some(PortErrorKind::Internal));
    world.services.delete_job(&robot_call(), WhichJob::Id(world.job(1).id), true).unwrap();
    world.import();
    world.archive.fail_writes(None);
    let _ = world.services.run_periodic_task(TASK);
    assert_eq!(world.archived(&key()).job_id, 1);
    assert!(world.jobs.archive_tasks(10).unwrap().is_empty());
}

#[test]
fn what_fails_again_and_again_is_tried_once_an_hour() {
    let world = World::with_jobs([archived_job(1)]);
    world.archive.lose_job(&key());
    edit(&world, "note", "ran hot");
    let attempts = || world.jobs.archive_tasks(10).unwrap()[0].attempts;
    for _ in 0..20 {
        let _ = world.services.run_periodic_task(TASK);
    }
    assert_eq!(attempts(), 10);
    assert_eq!(world.services.run_periodic_task(TASK).result, "0 done, 0 failed, 1 put off");
    world.clock.advance(3600);
    let _ = world.services.run_periodic_task(TASK);
    let _ = world.services.run_periodic_task(TASK);
    assert_eq!(attempts(), 11);
}

#[test]
fn edits_at_once_leave_the_archive_with_all_of_them() {
    let world = World::with_jobs([archived_job(1)]);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let world = &world;
            scope.spawn(move || {
                for round in 0..25 {
                    edit(world, &format!("key{thread}"), &round.to_string());
                }
            });
        }
    });
    let meta = world.archived(&key());
    assert_eq!(meta.meta_data.len(), 8);
    assert!(meta.meta_data.values().all(|text| text == "24"), "{:?}", meta.meta_data);
    assert!(world.jobs.archive_tasks(10).unwrap().is_empty());
    assert_eq!(world.import().counts.unchanged, 1, "the database knows the file as it is");
}

#[test]
fn the_last_runs_are_listed() {
    let world = World::new();
    let run = world.services.run_periodic_task(TASK);
    assert_eq!(
        (run.name.as_str(), run.started, run.error.as_ref()),
        (TASK, UnixTime(crate::world::NOW), None)
    );
    let listed = world.services.task_runs(&crate::world::admin()).unwrap();
    let last_runs: Vec<_> = listed.into_iter().filter_map(|task| task.last_run).collect();
    assert_eq!(last_runs, [run]);
    assert!(
        world
            .services
            .audit_entries(&crate::world::admin(), &AuditFilter::default(), ALL)
            .unwrap()
            .entries
            .is_empty()
    );
}
