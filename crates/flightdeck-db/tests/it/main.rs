//! The database keeps the ports' promises on every backend, by plans that scale, and leaves foreign data alone.

#[cfg(test)]
mod archiving;
#[cfg(test)]
mod audit_log;
#[cfg(test)]
mod copying;
#[cfg(test)]
mod hosts;
#[cfg(test)]
mod interleavings;
#[cfg(test)]
mod migrations;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod plain_sql;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod server;
#[cfg(test)]
mod store;
#[cfg(test)]
mod suites;
#[cfg(test)]
mod two_processes;
#[cfg(test)]
mod users;
