//! The whole server: real files, a real database, real sockets on the loopback interface.

#[cfg(test)]
mod command_line;
#[cfg(test)]
mod https;
#[cfg(test)]
mod imports;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod site;
