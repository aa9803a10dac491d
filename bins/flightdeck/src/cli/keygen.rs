//! `flightdeck keygen`: fresh keys for `.env`. Writes no files and prints nothing itself.

use anyhow::Context as _;

use crate::config::Secrets;

/// Makes new keys and returns them as the three lines that `.env` needs, each with its line end: `JWT_PUBLIC_KEY=…`,
/// `JWT_PRIVATE_KEY=…` and `SESSION_KEY=…`. The last two are secrets.
///
/// # Errors
///
/// When the operating system has no random bytes.
pub fn run() -> anyhow::Result<String> {
    let secrets = Secrets::generate().context("cannot make new keys")?;
    Ok(secrets.to_dotenv())
}
