//! The whole server: real files, a real database, real sockets on the loopback interface.

#[cfg(test)]
mod command_line;
#[cfg(test)]
mod https;
#[cfg(test)]
mod imports;
#[cfg(test)]
mod kills;
#[cfg(test)]
mod machine_states;
#[cfg(test)]
mod moving_databases;
#[cfg(test)]
mod periodic_tasks;
#[cfg(test)]
mod process;
#[cfg(test)]
mod quarantine;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod site;
#[cfg(test)]
mod slurm_adapter;
#[cfg(test)]
mod writing;
