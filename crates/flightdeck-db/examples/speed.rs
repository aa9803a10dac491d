//! How fast the job table is: `cargo run --release -p flightdeck-db --example speed -- 100000 1000`
//! (number of jobs, jobs in one transaction).

#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use flightdeck_db::{Database, DatabaseOptions};
use flightdeck_model::{
    ArchivedJob, JobDbId, JobFilter, JobOrder, JobRepository, JobSelection, JobState, JobStatistics,
    JobVisibility, Page, Range, SortKey, TagFilter, Unit,
};
use flightdeck_testkit::{FIRST_START, archived_job, every_job};
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

const METRICS: [&str; 12] = [
    "clock",
    "core_power",
    "cpu_load",
    "cpu_power",
    "cpu_user",
    "flops_any",
    "flops_dp",
    "flops_sp",
    "ipc",
    "mem_bw",
    "mem_power",
    "mem_used",
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: i64 = arguments.next().map_or(Ok(20_000), |text| text.parse())?;
    let jobs_per_import: i64 = arguments.next().map_or(Ok(1000), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let database = Database::open(&folder.path().join("jobs.db"), &DatabaseOptions::default())?;
    print_memory("before the import");
    for what in ["import, new", "import, unchanged"] {
        let mut elapsed = Duration::ZERO;
        let mut first = 0;
        while first < count {
            let next = count.min(first + jobs_per_import);
            let jobs: Vec<ArchivedJob> = (first..next).map(job).collect();
            let begin = Instant::now();
            database.import_jobs(&jobs)?;
            elapsed += begin.elapsed();
            first = next;
        }
        print_each(what, elapsed, usize::try_from(count)?);
    }
    print_memory("after the import");
    let begin = Instant::now();
    database.optimize()?;
    print_each("optimize", begin.elapsed(), 1);
    print_memory("after optimizing");
    measure_finding(&database, count)?;
    for (what, selection) in selections(count) {
        measure_list(&database, what, &selection)?;
    }
    print_memory("at the end");
    Ok(())
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "the numbers are small")]
fn job(number: i64) -> ArchivedJob {
    let host = |shift: i64| format!("a{:04}", (number * 7 + shift) % 400);
    let (first, second) = (host(0), host(1));
    let mut job = archived_job(number)
        .cluster(if number % 3 == 0 { "beta" } else { "alpha" })
        .user(&format!("user{:03}", number * 31 % 300))
        .project(&format!("project{:02}", number * 31 % 300 % 40))
        .state(match number % 30 {
            0 => JobState::Failed,
            1 => JobState::Cancelled,
            2 => JobState::Timeout,
            _ => JobState::Completed,
        })
        .duration((600 + number * 7919 % 80_000) as i32)
        .hosts(&[&first, &second])
        .num_nodes((1 + number % 8) as i32)
        .energy((number * 13 % 10_000) as f64 / 100.0)
        .metadata("jobName", "a job")
        .metadata("jobScript", &"#SBATCH --nodes=2\nsrun ./a.out --input x\n".repeat(20));
    if number % 5 == 0 {
        job = job.tag("app", "vasp", "global");
    }
    for key in ["mem_used_max", "flops_any_avg", "mem_bw_avg"] {
        job = job.footprint(key, (number * 17 % 1000) as f64 / 10.0);
    }
    let mut archived = job.build();
    for metric in METRICS {
        let statistics = JobStatistics {
            unit: Unit::default(),
            avg: (number % 1000) as f64 * 1.37,
            min: 0.25,
            max: (number % 1000) as f64 * 2.71,
        };
        archived.meta.statistics.insert(metric.to_owned(), statistics);
    }
    archived
}

fn selections(count: i64) -> Vec<(&'static str, JobSelection)> {
    let none = JobFilter::default;
    let filtered = |filter| JobSelection { filter, ..every_job() };
    let sorted = |key| JobSelection { order: JobOrder { key, descending: true }, ..every_job() };
    let from = |from| Some(Range { from: Some(from), to: None });
    let text = |name: &str| Some(name.to_owned());
    let manager = JobVisibility::ProjectsAndOwn {
        projects: vec!["project01".to_owned(), "project07".to_owned()],
        username: "user003".to_owned(),
    };
    let tag = TagFilter { tag_type: None, name: "vasp".to_owned() };
    let middle = FIRST_START + 30 * count;
    vec![
        ("list", every_job()),
        (
            "own",
            JobSelection { visibility: JobVisibility::Own { username: "user003".to_owned() }, ..every_job() },
        ),
        ("manager", JobSelection { visibility: manager, ..every_job() }),
        ("state", filtered(JobFilter { states: vec![JobState::Completed], ..none() })),
        ("states", filtered(JobFilter { states: vec![JobState::Completed, JobState::Failed], ..none() })),
        ("cluster", filtered(JobFilter { cluster: text("alpha"), ..none() })),
        (
            "state and cluster",
            filtered(JobFilter { cluster: text("alpha"), states: vec![JobState::Failed], ..none() }),
        ),
        (
            "cluster and start",
            filtered(JobFilter {
                cluster: text("alpha"),
                start_time: Some(Range { from: Some(FIRST_START), to: Some(middle) }),
                ..none()
            }),
        ),
        ("user", filtered(JobFilter { user: text("user003"), ..none() })),
        ("nodes, many", filtered(JobFilter { num_nodes: from(2), ..none() })),
        ("nodes, some", filtered(JobFilter { num_nodes: from(8), ..none() })),
        ("duration", filtered(JobFilter { duration_s: from(40_000), ..none() })),
        ("node", filtered(JobFilter { node: text("a0007"), ..none() })),
        ("tag", filtered(JobFilter { tags: vec![tag.clone()], ..none() })),
        ("tag and cluster", filtered(JobFilter { tags: vec![tag], cluster: text("beta"), ..none() })),
        ("by energy", sorted(SortKey::Energy)),
        ("by duration", sorted(SortKey::Duration)),
        ("by footprint", sorted(SortKey::Footprint("mem_used_max".to_owned()))),
    ]
}

fn measure_finding(database: &Database, count: i64) -> Result<(), Box<dyn Error>> {
    let selection = every_job();
    let begin = Instant::now();
    for number in 0..20_000 {
        let id = JobDbId(1 + number * 37 % count);
        black_box(database.find_job(id, &selection.visibility, &selection.tags, selection.now)?);
    }
    print_each("find, all over the table", begin.elapsed(), 20_000);
    let begin = Instant::now();
    for number in 0..20_000 {
        let id = JobDbId(1 + number % 100);
        black_box(database.find_job(id, &selection.visibility, &selection.tags, selection.now)?);
    }
    print_each("find, the same hundred", begin.elapsed(), 20_000);
    Ok(())
}

fn measure_list(database: &Database, what: &str, selection: &JobSelection) -> Result<(), Box<dyn Error>> {
    let page = Page { offset: 0, limit: 25 };
    let begin = Instant::now();
    let total = database.list_jobs(selection, page, false)?.total;
    let first = begin.elapsed();
    let begin = Instant::now();
    let mut rounds = 0;
    while begin.elapsed() < Duration::from_millis(200) {
        black_box(database.list_jobs(selection, page, false)?);
        rounds += 1;
    }
    let label = format!("25 of {total} ({what}), first {} µs, then", first.as_micros());
    print_each(&label, begin.elapsed(), rounds);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "the counts are small")]
fn print_each(what: &str, elapsed: Duration, count: usize) {
    println!("{:10.2} µs  {what}", elapsed.as_secs_f64() * 1e6 / count as f64);
}

fn print_memory(when: &str) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or("VmRSS: unknown");
    println!("{resident}  {when}");
}
