//! The whole server: real files, a real database, real sockets on the loopback interface.

#[cfg(test)]
mod archive_again;
#[cfg(test)]
mod burst;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod disk_full;
#[cfg(test)]
mod gone_clients;
#[cfg(test)]
mod hostile_texts;
#[cfg(test)]
mod https;
#[cfg(test)]
mod imports;
#[cfg(test)]
mod kills;
#[cfg(test)]
mod listing;
#[cfg(test)]
mod live_metrics;
#[cfg(test)]
mod machine_states;
#[cfg(test)]
mod moving_databases;
#[cfg(test)]
mod periodic_tasks;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod process;
#[cfg(test)]
mod quarantine;
#[cfg(test)]
mod read_only;
#[cfg(test)]
mod replayed_day;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod site;
#[cfg(test)]
mod slurm_adapter;
#[cfg(test)]
mod small_disk;
#[cfg(test)]
mod two_servers;
#[cfg(test)]
mod write_queue;
#[cfg(test)]
mod writing;
