//! A small site: one cluster, a few jobs with data, accounts, keys, and a clock that stands still.

use actix_web::body::to_bytes;
use actix_web::dev::Service;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, init_service};
use flightdeck_auth::{KeyPair, TokenIssuer};
use flightdeck_http::{AppState, app};
use flightdeck_model::{
    AuthSource, JobArchive, JobData, JobMeta, JobMetric, MachineState, MachineStates, MetricScope, PortError,
    Resource, Role, Roles, Series, UnixTime, User, UserRepository,
};
use flightdeck_service::{
    ClusterCatalog, ImportOptions, ImportProgress, MetricSources, Parts, Services, Settings,
};
use flightdeck_testkit::{
    ArchivedJobBuilder, FixedClock, MemoryArchive, MemoryJobs, MemoryMetrics, MemoryUsers, archived_job,
};
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

/// The present, in Unix seconds.
pub(crate) const NOW: i64 = 1_700_100_000;

const CLUSTER: &str = r#"{
  "name": "alpha",
  "metricConfig": [
    {"name": "cpu_load", "unit": {"base": ""}, "scope": "node", "aggregation": "avg", "timestep": 60,
     "peak": 4, "normal": 4, "caution": 2, "alert": 1, "footprint": "avg"},
    {"name": "cpu_user", "unit": {"base": "%"}, "scope": "core", "aggregation": "avg", "timestep": 60,
     "peak": 100, "normal": 50, "caution": 20, "alert": 10,
     "subClusters": [{"name": "main", "peak": 90}]},
    {"name": "flops", "unit": {"base": "F/s", "prefix": "G"}, "scope": "core", "aggregation": "sum", "timestep": 60,
     "peak": 100, "normal": 50, "caution": 20, "alert": 10},
    {"name": "mem_used", "unit": {"base": "B", "prefix": "G"}, "scope": "node", "aggregation": "sum", "timestep": 30,
     "peak": 256, "normal": 128, "caution": 200, "alert": 240, "footprint": "max", "lowerIsBetter": true}
  ],
  "subClusters": [
    {"name": "main", "nodes": "a[001-010]", "processorType": "x", "socketsPerNode": 2, "coresPerSocket": 2,
     "threadsPerCore": 1,
     "flopRateScalar": {"unit": {"base": "F/s", "prefix": "G"}, "value": 10},
     "flopRateSimd": {"unit": {"base": "F/s", "prefix": "G"}, "value": 100},
     "memoryBandwidth": {"unit": {"base": "B/s", "prefix": "G"}, "value": 50},
     "topology": {"node": [0, 1, 2, 3], "socket": [[0, 1], [2, 3]], "memoryDomain": [[0, 1, 2, 3]],
                  "core": [[0], [1], [2], [3]]}}
  ]
}"#;

/// The site.
pub(crate) struct World {
    pub(crate) state: AppState,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) users: Arc<MemoryUsers>,
    pub(crate) archive: Arc<MemoryArchive>,
    pub(crate) jobs: Arc<MemoryJobs>,
    pub(crate) samples: Arc<MemoryMetrics>,
    keys: KeyPair,
}

/// State files of machines that forget.
#[derive(Debug, Default)]
struct MemoryMachines(Mutex<BTreeMap<(String, String), Vec<u8>>>);

impl MachineStates for MemoryMachines {
    fn read(&self, cluster: &str, host: &str) -> Result<Option<MachineState>, PortError> {
        let states = self.0.lock().unwrap();
        let found = states.get(&(cluster.to_owned(), host.to_owned()));
        Ok(found.map(|json| MachineState { json: json.clone(), modified: UnixTime(NOW) }))
    }

    fn store(&self, cluster: &str, host: &str, json: &[u8]) -> Result<(), PortError> {
        self.0.lock().unwrap().insert((cluster.to_owned(), host.to_owned()), json.to_vec());
        Ok(())
    }
}

/// What a client got.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The text of an error, whose shape is checked.
    #[track_caller]
    pub(crate) fn error(&self) -> String {
        assert!(self.status.as_u16() >= 400, "{} is no error", self.status);
        assert_eq!(self.header("content-type"), "application/json");
        let body = self.json();
        assert_eq!(body["status"], self.status.canonical_reason().unwrap());
        let text = body["error"].as_str().unwrap();
        assert!(!text.is_empty());
        text.to_owned()
    }

    pub(crate) fn job_ids(&self) -> Vec<i64> {
        let jobs = self.json()["jobs"].as_array().unwrap().clone();
        jobs.iter().map(|job| job["jobId"].as_i64().unwrap()).collect()
    }
}

/// The application, ready to be asked. Its type is actix's own business.
pub(crate) struct Application(Box<dyn Fn(TestRequest) -> LocalBoxFuture<'static, Answer>>);

impl Application {
    pub(crate) async fn send(&self, request: TestRequest) -> Answer {
        (self.0)(request).await
    }
}

struct Silent;

impl ImportProgress for Silent {
    fn begins(&self, _: u64) {}
    fn advances(&self, _: u64) {}
}

impl World {
    /// The usual site: job 1 of mona on one node with data, job 2 of otto on two nodes with data, job 3 of otto
    /// without data.
    pub(crate) fn new() -> Self {
        Self::with(Settings { resampling_minimum_points: 10, ..Settings::default() }, |archive| {
            insert(archive, archived_job(1).tag("quality", "good", "global").metadata("jobName", "wind"));
            insert(archive, archived_job(2).user("otto").project("chemistry").hosts(&["a002", "a003"]));
            let third =
                archived_job(3).user("otto").project("chemistry").state(flightdeck_model::JobState::Failed);
            archive.insert_job(third.build().meta);
        })
    }

    pub(crate) fn with(settings: Settings, fill: impl FnOnce(&MemoryArchive)) -> Self {
        Self::with_parts(settings, fill, |_| {})
    }

    /// A site without jobs of which some parts are others.
    pub(crate) fn with_parts(
        settings: Settings,
        fill: impl FnOnce(&MemoryArchive),
        exchange: impl FnOnce(&mut Parts),
    ) -> Self {
        let archive = Arc::new(MemoryArchive::default());
        archive.insert_cluster("alpha", CLUSTER);
        fill(&archive);
        let clusters = archive.load_clusters().unwrap().clusters;
        let clock = Arc::new(FixedClock::at(NOW));
        let users = Arc::new(MemoryUsers::default());
        let jobs = Arc::new(MemoryJobs::default());
        let samples = ["cpu_load", "cpu_user", "flops"]
            .into_iter()
            .fold(MemoryMetrics::new().with_metric("alpha", "mem_used", 30), |store, metric| {
                store.with_metric("alpha", metric, 60)
            });
        let samples = Arc::new(samples);
        let mut parts = Parts {
            clock: clock.clone(),
            jobs: jobs.clone(),
            users: users.clone(),
            archive: archive.clone(),
            changes: jobs.clone(),
            archive_work: jobs.clone(),
            archiving: jobs.clone(),
            metrics: MetricSources { own: Some(samples.clone()), ..MetricSources::default() },
            nodes: jobs.clone(),
            audit: jobs.clone(),
            quarantine: jobs.clone(),
            tasks: jobs.clone(),
            machine_states: Some(Arc::new(MemoryMachines::default())),
            clusters: ClusterCatalog::new(clusters),
            settings,
        };
        exchange(&mut parts);
        let services = Services::new(parts);
        let report = services.import_archive(ImportOptions { rebuild: false, readers: 1 }, &Silent).unwrap();
        assert_eq!(report.skipped, []);
        let keys = KeyPair::generate().unwrap();
        Self { state: AppState::new(services, keys.public_key()), clock, users, archive, jobs, samples, keys }
    }

    pub(crate) fn token(&self, name: &str, roles: &[Role]) -> String {
        self.token_with_age(name, roles, None)
    }

    pub(crate) fn token_with_age(&self, name: &str, roles: &[Role], max_age_s: Option<i64>) -> String {
        TokenIssuer::new(&self.keys, max_age_s).issue(name, Roles::of(roles), UnixTime(NOW)).unwrap()
    }

    pub(crate) fn add_user(&self, name: &str, roles: &[Role], projects: &[&str]) {
        let user = User {
            username: name.to_owned(),
            name: format!("{name} of the tests"),
            email: String::new(),
            roles: Roles::of(roles),
            projects: projects.iter().map(|project| (*project).to_owned()).collect(),
            auth_source: AuthSource::Local,
        };
        self.users.add_user(&user, None).unwrap();
    }

    /// The application, for who sends many requests.
    pub(crate) async fn application(&self) -> Application {
        let service = Rc::new(init_service(app(self.state.clone())).await);
        Application(Box::new(move |request| {
            let service = service.clone();
            Box::pin(async move {
                let response = service.call(request.to_request()).await.unwrap();
                let (head, body) = response.into_parts().1.into_parts();
                let body = to_bytes(body).await.unwrap_or_else(|_| panic!("the body broke off")).to_vec();
                Answer { status: head.status(), headers: head.headers().clone(), body }
            })
        }))
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: TestRequest) -> Answer {
        self.application().await.send(request).await
    }

    /// GETs a path as a pure `api` token.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.get_as(path, &self.token("robot", &[Role::Api])).await
    }

    pub(crate) async fn get_as(&self, path: &str, token: &str) -> Answer {
        self.send(with_token(TestRequest::get().uri(path), token)).await
    }

    /// POSTs a body as a pure `api` token.
    pub(crate) async fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.write("POST", path, body).await
    }

    /// Sends a body as a pure `api` token.
    pub(crate) async fn write(&self, method: &str, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.write_as(&self.token("robot", &[Role::Api]), method, path, body).await
    }

    /// Sends a body with a token.
    pub(crate) async fn write_as(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let request = TestRequest::with_uri(path).method(method.parse().unwrap()).set_payload(body.into());
        self.send(with_token(request, token)).await
    }

    /// An administrator's token.
    pub(crate) fn admin(&self) -> String {
        self.token("root", &[Role::Admin, Role::Api])
    }

    /// Starts a job on `a001` and gives its database id.
    pub(crate) async fn start(&self, job_id: i64) -> i64 {
        let answer = self.post("/api/jobs/start_job/", starting(job_id).to_string()).await;
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        answer.json()["id"].as_i64().unwrap()
    }

    /// Database id of a job.
    pub(crate) async fn id_of(&self, job_id: i64) -> i64 {
        let list = self.get(&format!("/api/jobs/?job-id={job_id}")).await.json();
        list["jobs"][0]["id"].as_i64().unwrap_or_else(|| panic!("job {job_id} is not there"))
    }
}

/// When [`starting`] jobs start, in Unix seconds.
pub(crate) const STARTED: i64 = NOW - 600;

/// The body of a start.
pub(crate) fn starting(job_id: i64) -> Value {
    json!({
        "jobId": job_id, "cluster": "alpha", "user": "mona", "project": "physics", "partition": "main",
        "startTime": STARTED, "numNodes": 1, "resources": [{"hostname": "a001"}], "walltime": 3600,
        "metaData": {"jobName": "first"}
    })
}

pub(crate) fn with_token(request: TestRequest, token: &str) -> TestRequest {
    request.insert_header(("authorization", format!("Bearer {token}")))
}

/// Puts a job with data into the archive: `cpu_load` and `mem_used` per node, `cpu_user` and `flops` per core.
pub(crate) fn insert(archive: &MemoryArchive, job: ArchivedJobBuilder) {
    let meta = job.build().meta;
    archive.insert_data(meta.key(), data_of(&meta));
    archive.insert_job(meta);
}

fn data_of(meta: &JobMeta) -> JobData {
    let per_node = |step: f64| series(&meta.resources, &[None], step, 40);
    let per_core =
        |step: f64| series(&meta.resources, &[Some("0"), Some("1"), Some("2"), Some("3")], step, 40);
    let metric = |scope, timestep_s, series| {
        let metric = JobMetric { timestep_s, series, ..JobMetric::default() };
        BTreeMap::from([(scope, metric)])
    };
    BTreeMap::from([
        ("cpu_load".to_owned(), metric(MetricScope::Node, 60, per_node(0.25))),
        ("cpu_user".to_owned(), metric(MetricScope::Core, 60, per_core(1.5))),
        ("flops".to_owned(), metric(MetricScope::Core, 60, per_core(0.125))),
        ("mem_used".to_owned(), metric(MetricScope::Node, 30, series(&meta.resources, &[None], 0.5, 80))),
    ])
}

/// Series that rise: part `p` of host `h` has `step` × (i + 1) + p at sample i; sample 3 of the first is missing.
fn series(resources: &[Resource], parts: &[Option<&str>], step: f64, samples: u32) -> Vec<Series> {
    let mut all = Vec::new();
    for resource in resources {
        for (number, part) in (0_u32..).zip(parts) {
            let mut data: Vec<f64> =
                (0..samples).map(|i| step * f64::from(i + 1) + f64::from(number)).collect();
            if all.is_empty() {
                data[3] = f64::NAN;
            }
            let statistics = Series::computed_statistics(&data);
            let id = part.map(str::to_owned);
            all.push(Series { hostname: resource.hostname.clone(), id, statistics, data });
        }
    }
    all
}
