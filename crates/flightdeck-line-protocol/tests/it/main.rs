//! What a collector sends, and what another parser makes of it.

#[cfg(test)]
mod collector;
#[cfg(test)]
mod other_parser;
