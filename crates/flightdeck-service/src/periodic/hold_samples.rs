//! Tells the metric store whose samples are still needed: those of running jobs, and of ended ones that are not archived
//! yet, from their start on.

use crate::{ServiceError, Services};
use flightdeck_model::{HeldHost, JobDbId, JobRecord, UnixTime};
use std::collections::BTreeMap;

pub(super) const NAME: &str = "hold-samples";

/// By cluster and host, from when on.
type Needed = BTreeMap<(String, String), UnixTime>;

pub(super) fn run(services: &Services) -> Result<String, ServiceError> {
    let store = services.metrics.own_store()?;
    let mut needed = Needed::new();
    let mut jobs = 0_usize;
    services.for_running_jobs(|running| {
        jobs += running.len();
        for job in &running {
            add(job, &mut needed);
        }
        Ok(())
    })?;
    // After the running ones: a job that ends meanwhile is found in one of the two.
    let ended = services.archiving.jobs_to_archive(UnixTime(i64::MAX), u32::MAX)?;
    let ids: Vec<JobDbId> = ended.iter().map(|job| job.id).collect();
    for job in services.jobs_of_queue(&ids)? {
        jobs += 1;
        add(&job, &mut needed);
    }
    let hosts = needed.len();
    let held = needed.into_iter().map(|((cluster, host), from)| HeldHost { cluster, host, from });
    store.hold(held.collect());
    Ok(format!("{hosts} hosts of {jobs} jobs"))
}

fn add(job: &JobRecord, needed: &mut Needed) {
    let resources = match job.resources() {
        Ok(resources) => resources,
        Err(error) => {
            tracing::warn!(job = %job.id, %error, "the resources of a job cannot be decoded");
            return;
        }
    };
    for resource in resources {
        let from = needed.entry((job.key.cluster.clone(), resource.hostname)).or_insert(job.key.start_time);
        *from = job.key.start_time.min(*from);
    }
}
