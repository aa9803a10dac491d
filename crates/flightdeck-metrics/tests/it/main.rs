//! The store as its users see it: samples in, samples out, with real files in between, good and bad ones.

#[cfg(test)]
mod against_a_model;
#[cfg(test)]
mod collector;
#[cfg(test)]
mod counting;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod estimating;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod freeing;
#[cfg(test)]
mod logged;
#[cfg(test)]
mod port_suite;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod site;
#[cfg(test)]
mod taking_over;
#[cfg(test)]
mod writing;
