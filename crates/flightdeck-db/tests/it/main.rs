//! The database keeps the ports' promises, by plans that scale, and leaves foreign files alone.

#[cfg(test)]
mod opening;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod store;
#[cfg(test)]
mod suites;
#[cfg(test)]
mod users;
