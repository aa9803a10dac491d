//! The HTTP contract: what a client sees, without a socket and without a database.

#[cfg(test)]
mod access;
#[cfg(test)]
mod administration;
#[cfg(test)]
mod deletion;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod labels;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod metric_store;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod world;
