//! The file archive as its users see it: real files, good and bad ones.

#[cfg(test)]
mod clusters;
#[cfg(test)]
mod data_files;
#[cfg(test)]
mod folder;
#[cfg(test)]
mod importer;
#[cfg(test)]
mod job_files;
#[cfg(test)]
mod labels;
#[cfg(test)]
mod labels_at_risk;
#[cfg(test)]
mod machine_states;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod port_suite;
#[cfg(test)]
mod reference_files;
#[cfg(test)]
mod removal;
#[cfg(test)]
mod stored_jobs;
#[cfg(test)]
mod storing_at_risk;
#[cfg(test)]
mod stray_names;
#[cfg(test)]
mod strict_reader;
#[cfg(test)]
mod synthetic_archive;
