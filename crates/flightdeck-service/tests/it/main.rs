//! The use cases on fakes: what a caller relies on, without SQL, files or HTTP.

#[cfg(test)]
mod archive_repair;
#[cfg(test)]
mod archiving;
#[cfg(test)]
mod below_the_node;
#[cfg(test)]
mod change_user;
#[cfg(test)]
mod delete_jobs;
#[cfg(test)]
mod edit_meta;
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
mod live_metrics;
#[cfg(test)]
mod machine_state;
#[cfg(test)]
mod manage_users;
#[cfg(test)]
mod metric_cache;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod periodic;
#[cfg(test)]
mod periodic_metrics;
#[cfg(test)]
mod permissions;
#[cfg(test)]
mod quarantine;
#[cfg(test)]
mod query_samples;
#[cfg(test)]
mod retry_quarantined;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod show_job;
#[cfg(test)]
mod start_job;
#[cfg(test)]
mod stop_job;
#[cfg(test)]
mod tags;
#[cfg(test)]
mod used_nodes;
#[cfg(test)]
mod world;
