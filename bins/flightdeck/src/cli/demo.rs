//! `flightdeck demo`: everything that a new folder needs, with a synthetic archive and a machine room that runs jobs,
//! served at once.

mod live;

use super::{import, init, load};
use crate::config::{Config, MetricStoreConfig};
use crate::server::open_database;
use crate::{RunningServer, Server};
use anyhow::Context as _;
use clap::Args;
use flightdeck_archive::{FileArchive, synthetic};
use flightdeck_db::DatabaseLocation;
use flightdeck_model::{
    AuthSource, Clock as _, JobArchive as _, JobFilter, JobState, Principal, Role, Roles, SystemClock, User,
    UserRepository,
};
use flightdeck_service::{ListJobs, add_user};
use std::fs;
use std::path::{Path, PathBuf};

/// Written last: a folder with it is complete and is used as it is.
const READY: &str = "var/demo-ready";
/// A project whose jobs the manager of the demo sees.
const MANAGED_PROJECT: &str = "proj03";
/// A user of the synthetic archive, who sees their own jobs.
const DEMO_USER: &str = "user007";

/// Where to try it.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// The folder that everything is written to; one from an earlier run is used again
    #[arg(long, default_value = "flightdeck-demo", value_name = "PATH")]
    folder: PathBuf,
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "HOST:PORT")]
    addr: String,
}

/// Writes what is missing, then serves until SIGINT or SIGTERM.
pub(super) fn run(args: &DemoArgs) -> anyhow::Result<()> {
    let ready = args.folder.join(READY);
    if !ready.exists() {
        prepare(&args.folder)?;
        fs::write(&ready, "").with_context(|| format!("cannot write {}", ready.display()))?;
    }
    let mut config = demo_config(&args.folder)?;
    config.main.addr = args.addr.parse().with_context(|| format!("--addr {}", args.addr))?;
    let archive_path = config.archive.path.clone();
    let server = Server::builder(config).handle_signals().start()?;
    let clusters = FileArchive::open(&archive_path)?.load_clusters()?.clusters;
    let now = || SystemClock.now().0;
    let machine_room = live::MachineRoom::open(server.services(), &clusters, now)?;
    super::print(&welcome(&server, &args.folder)?)?;
    let ended = server.wait();
    drop(machine_room);
    ended.context("the server ended with an error")
}

fn prepare(folder: &Path) -> anyhow::Result<()> {
    tracing::info!(folder = %folder.display(), "preparing the demo");
    let archive = folder.join("var/job-archive");
    if !folder.join("config.json").exists() {
        init::run(folder)?;
    }
    // The archive's version is the last thing to be written: one that was left half-way has none, or has no
    // clusters because `init` made it.
    let is_complete = archive.join("version.txt").exists() && archive.join("aurora").exists();
    if !is_complete {
        let unfinished = archive.exists();
        if unfinished {
            fs::remove_dir_all(&archive).with_context(|| format!("cannot remove {}", archive.display()))?;
        }
        synthetic::write(&archive, synthetic::Options::default())?;
    }
    let config = demo_config(folder)?;
    tracing::info!("{}", import::summary(&import::import(&config, false)?));
    add_demo_users(&config)
}

/// The folder's configuration, with its paths taken from the folder instead of the working directory.
fn demo_config(folder: &Path) -> anyhow::Result<Config> {
    let mut config = load::config(&folder.join("config.json"))?;
    if let DatabaseLocation::Sqlite(path) = &mut config.main.database.location {
        *path = folder.join(&path);
    }
    config.archive.path = folder.join(&config.archive.path);
    // Also for a folder of an earlier version, whose configuration has no store.
    let store = config.metric_store.get_or_insert_with(MetricStoreConfig::default);
    store.directory = folder.join(&store.directory);
    store.reference_checkpoints = folder.join(&store.reference_checkpoints);
    Ok(config)
}

fn add_demo_users(config: &Config) -> anyhow::Result<()> {
    let users = open_database(config)?;
    let account = |username: &str, name: &str, roles: &[Role], projects: &[&str]| User {
        username: username.to_owned(),
        name: name.to_owned(),
        email: String::new(),
        roles: Roles::of(roles),
        projects: projects.iter().map(|project| (*project).to_owned()).collect(),
        auth_source: AuthSource::Local,
    };
    for user in [
        account("admin", "Ada Admin", &[Role::Admin, Role::Api], &[]),
        account("manager", "Mona Manager", &[Role::Manager, Role::Api], &[MANAGED_PROJECT]),
        account(DEMO_USER, "Uma User", &[Role::User, Role::Api], &[]),
    ] {
        if users.find_user(&user.username)?.is_none() {
            add_user(&users, &user, None)?;
        }
    }
    Ok(())
}

/// What a newcomer needs: the address, a token for each role, lines to paste.
fn welcome(server: &RunningServer, folder: &Path) -> anyhow::Result<String> {
    let url = server.url();
    let api = server.token("robot", &[Role::Api])?;
    let admin = server.token_for(Role::Admin)?;
    let support = server.token_for(Role::Support)?;
    let manager = server.token_for(Role::Manager)?;
    let user = server.token(DEMO_USER, &[Role::User, Role::Api])?;
    let job = newest_job(server, JobState::Completed)?;
    let running = newest_job(server, JobState::Running)?;
    Ok(format!(
        "flightdeck serves the demo in {folder} on {url} (description: {url}/swagger/)

Tokens
  API={api}
  ADMIN={admin}
  SUPPORT={support}
  MANAGER={manager}
  USER={user}

Set them by pasting the lines above without their indentation, or try these as they are:
  # the five newest jobs
  curl -s -H 'Authorization: Bearer {api}' '{url}/api/jobs/?items-per-page=5'
  # one job with all its metrics
  curl -s -H 'Authorization: Bearer {api}' '{url}/api/jobs/{job}?all-metrics=true'
  # one metric of it, per node
  curl -s -H 'Authorization: Bearer {api}' '{url}/api/jobs/metrics/{job}?metric=cpu_load&scope=node'
  # the jobs that run; new ones start and others end while you look
  curl -s -H 'Authorization: Bearer {api}' '{url}/api/jobs/?state=running'
  # a running job's metric, per node; more samples come every minute
  curl -s -H 'Authorization: Bearer {api}' '{url}/api/jobs/metrics/{running}?metric=cpu_load&scope=node'
  # long jobs that used much memory, as the user {DEMO_USER} sees them: their own
  curl -s -H 'Authorization: Bearer {user}' '{url}/userapi/jobs/?duration=1200-&sort=-mem_used_max'
  # the accounts, for administrators alone
  curl -s -H 'Authorization: Bearer {admin}' '{url}/api/users/'

Ctrl-C stops it; the folder stays and is used again next time.",
        folder = folder.display(),
    ))
}

/// Database id of the job that the lines to paste are about.
fn newest_job(server: &RunningServer, state: JobState) -> anyhow::Result<i64> {
    let robot =
        Principal { username: "robot".to_owned(), roles: Roles::of(&[Role::Api]), projects: Vec::new() };
    let filter = JobFilter { states: vec![state], ..JobFilter::default() };
    let newest = ListJobs { filter, items_per_page: 1, ..ListJobs::default() };
    let list = server.services().list_jobs(&robot, &newest)?;
    list.jobs
        .first()
        .map(|job| job.id.0)
        .context("the demo's archive has no job: remove the folder and try again")
}
