//! The use cases on fakes: what a caller relies on, without SQL, files or HTTP.

#[cfg(test)]
mod import_archive;
#[cfg(test)]
mod import_failures;
#[cfg(test)]
mod job_metrics;
#[cfg(test)]
mod list_clusters;
#[cfg(test)]
mod list_jobs;
#[cfg(test)]
mod list_users;
#[cfg(test)]
mod manage_users;
#[cfg(test)]
mod metric_cache;
#[cfg(test)]
mod show_job;
#[cfg(test)]
mod used_nodes;
#[cfg(test)]
mod world;
