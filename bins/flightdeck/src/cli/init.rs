//! `flightdeck init`: a new folder that the server can serve at once, with keys of its own.
//!
//! Never overwrites: all that it would write is looked for before anything is written.

#[cfg(test)]
mod tests;

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

use super::keygen;

/// The configuration that a new folder gets: reachable from this machine alone.
const CONFIG_JSON: &str = r#"{
  "main": {
    "addr": "127.0.0.1:8080",
    "api-allowed-ips": ["127.0.0.1", "::1"],
    "db": "./var/job.db",
    "resampling": { "minimum-points": 600, "trigger": 300, "resolutions": [240, 60] }
  },
  "archive": { "kind": "file", "path": "./var/job-archive" },
  "auth": { "jwts": { "max-age": "2000h" } },
  "metric-store": { "retention-in-memory": "48h", "memory-cap": 4 }
}
"#;

/// The version of the archive's format, as its `version.txt` has it.
const ARCHIVE_VERSION_TXT: &str = "3\n";

const PUBLIC: u32 = 0o644;
const OWNER_ONLY: u32 = 0o600;
/// Others on the machine have no business with the jobs of a site.
const FOLDER: u32 = 0o750;

/// Writes into the folder `dir` (made if need be) `config.json`, `.env` with new keys (readable by its owner only) and
/// `var/` with an empty archive. Returns what was written.
///
/// # Errors
///
/// When any of them exists already, in which case nothing is written; or when one cannot be written.
pub fn run(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let config_file = dir.join("config.json");
    let env_file = dir.join(".env");
    let var_folder = dir.join("var");
    refuse_existing(&[&config_file, &env_file, &var_folder])?;
    let keys = keygen::run()?;

    fs::create_dir_all(dir).with_context(|| format!("cannot make the folder {}", dir.display()))?;
    let archive_folder = var_folder.join("job-archive");
    make_folder(&var_folder)?;
    make_folder(&archive_folder)?;
    write_new(&archive_folder.join("version.txt"), ARCHIVE_VERSION_TXT, PUBLIC)?;
    write_new(&env_file, &keys, OWNER_ONLY)?;
    write_new(&config_file, CONFIG_JSON, PUBLIC)?;
    Ok(vec![config_file, env_file, var_folder])
}

fn refuse_existing(paths: &[&Path]) -> anyhow::Result<()> {
    // A link to nowhere is in the way as well, so links are not followed.
    let in_the_way: Vec<String> = paths
        .iter()
        .filter(|path| path.symlink_metadata().is_ok())
        .map(|path| path.display().to_string())
        .collect();
    if in_the_way.is_empty() {
        return Ok(());
    }
    bail!(
        "nothing was written, because this exists already: {} (move it away, or choose another folder)",
        in_the_way.join(", ")
    )
}

fn make_folder(path: &Path) -> anyhow::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, FOLDER);
    builder.create(path).with_context(|| format!("cannot make the folder {}", path.display()))
}

/// Writes a file that must not exist yet, with its mode from the first moment on.
fn write_new(path: &Path, content: &str, mode: u32) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    let mut file = options.open(path).with_context(|| format!("cannot create {}", path.display()))?;
    file.write_all(content.as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("cannot write {}", path.display()))
}
