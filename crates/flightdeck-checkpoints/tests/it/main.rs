//! Checkpoints that the reference server wrote, whole and damaged.

#[cfg(test)]
mod damage;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod reference;
