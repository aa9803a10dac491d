//! The HTTP contract: what a client sees, without a socket and without a database.

#[cfg(test)]
mod access;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod world;
