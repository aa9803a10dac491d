//! The crate as its users see it.

#[cfg(test)]
mod known_tokens;
