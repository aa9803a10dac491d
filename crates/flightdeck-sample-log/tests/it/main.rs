//! The log and the snapshots as their users see them: real files, good and bad ones.

#[cfg(test)]
mod bit_flips;
#[cfg(test)]
mod cuts;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod log;
#[cfg(test)]
mod sample_data;
#[cfg(test)]
mod snapshots;
