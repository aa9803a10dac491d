//! The port against a real server on a socket, which answers what a test tells it to.

#[cfg(test)]
mod crowds;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod questions;
#[cfg(test)]
mod scripted_server;
#[cfg(test)]
mod set_up;
