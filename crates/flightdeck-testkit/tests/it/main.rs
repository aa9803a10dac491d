//! The fakes keep the ports' promises.

#[cfg(test)]
mod memory;
