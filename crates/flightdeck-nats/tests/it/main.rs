//! What comes over a real broker gets to where it belongs. Without one, named by `TEST_NATS_URL`, the tests are left out.

#[cfg(test)]
mod broker;
#[cfg(test)]
mod connecting;
#[cfg(test)]
mod job_events;
#[cfg(test)]
mod node_states;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod site;
#[cfg(test)]
mod streams;
