//! The architecture as a test: who may know whom, and who owns which third-party crate.
//!
//! Reads the manifests with the standard library alone, so that it needs nothing that it judges.

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::{Path, PathBuf};

    /// Crate -> crates of this workspace that it may depend on outside its tests.
    const EDGES: &[(&str, &[&str])] = &[
        ("flightdeck-model", &[]),
        ("flightdeck-auth", &["flightdeck-model"]),
        ("flightdeck-service", &["flightdeck-model"]),
        ("flightdeck-db", &["flightdeck-model"]),
        ("flightdeck-archive", &["flightdeck-model"]),
        ("flightdeck-http", &["flightdeck-auth", "flightdeck-model", "flightdeck-service"]),
        ("flightdeck-line-protocol", &[]),
        ("flightdeck-sample-log", &["flightdeck-model"]),
        ("flightdeck-checkpoints", &["flightdeck-model"]),
        (
            "flightdeck-metrics",
            &[
                "flightdeck-checkpoints",
                "flightdeck-line-protocol",
                "flightdeck-model",
                "flightdeck-sample-log",
            ],
        ),
        ("flightdeck-external", &["flightdeck-model"]),
        ("flightdeck-nats", &["flightdeck-line-protocol", "flightdeck-model", "flightdeck-service"]),
        ("flightdeck-testkit", &["flightdeck-model"]),
        (
            "flightdeck",
            &[
                "flightdeck-archive",
                "flightdeck-auth",
                "flightdeck-checkpoints",
                "flightdeck-db",
                "flightdeck-external",
                "flightdeck-http",
                "flightdeck-line-protocol",
                "flightdeck-metrics",
                "flightdeck-model",
                "flightdeck-nats",
                "flightdeck-sample-log",
                "flightdeck-service",
            ],
        ),
    ];

    /// Third-party crate -> the only crates that may depend on it outside their tests.
    const OWNERS: &[(&str, &[&str])] = &[
        ("actix-web", &["flightdeck-http", "flightdeck"]),
        ("actix-cors", &["flightdeck-http"]),
        ("utoipa", &["flightdeck-http", "flightdeck-model"]),
        ("utoipa-actix-web", &["flightdeck-http"]),
        ("utoipa-swagger-ui", &["flightdeck-http"]),
        ("diesel", &["flightdeck-db"]),
        ("diesel_migrations", &["flightdeck-db"]),
        ("libsqlite3-sys", &["flightdeck-db"]),
        ("pq-sys", &["flightdeck-db"]),
        ("futures-channel", &["flightdeck-db", "flightdeck-metrics", "flightdeck-service"]),
        ("futures-executor", &["flightdeck-db", "flightdeck-service", "flightdeck-testkit", "flightdeck"]),
        ("jsonwebtoken", &["flightdeck-auth"]),
        ("ed25519-dalek", &["flightdeck-auth"]),
        ("argon2", &["flightdeck-auth"]),
        ("flate2", &["flightdeck-archive", "flightdeck-http"]),
        ("zstd", &["flightdeck-http"]),
        ("moka", &["flightdeck-auth", "flightdeck-db", "flightdeck-service"]),
        ("pco", &["flightdeck-metrics"]),
        ("crc32c", &["flightdeck-sample-log"]),
        ("hashbrown", &["flightdeck-metrics", "flightdeck-sample-log"]),
        ("foldhash", &["flightdeck-metrics", "flightdeck-sample-log"]),
        ("ureq", &["flightdeck-external", "flightdeck"]),
        ("crc32fast", &["flightdeck-checkpoints"]),
        ("rustls-native-certs", &["flightdeck-external"]),
        ("async-nats", &["flightdeck-nats"]),
        ("rustls", &["flightdeck"]),
        ("anyhow", &["flightdeck"]),
        ("clap", &["flightdeck"]),
        ("config", &["flightdeck"]),
        ("dotenvy", &["flightdeck"]),
        ("indicatif", &["flightdeck"]),
        ("tracing-subscriber", &["flightdeck"]),
    ];

    struct Manifest {
        dependencies: BTreeSet<String>,
        dev_dependencies: BTreeSet<String>,
        inherits_lints: bool,
    }

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    fn members() -> BTreeMap<String, Manifest> {
        let mut members = BTreeMap::new();
        for folder in ["crates", "bins"] {
            for entry in fs::read_dir(root().join(folder)).unwrap() {
                let path = entry.unwrap().path();
                let Ok(text) = fs::read_to_string(path.join("Cargo.toml")) else { continue };
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                assert!(
                    text.contains(&format!("name = \"{name}\"")),
                    "{name}: the folder has another name than the package"
                );
                members.insert(name, parse(&text));
            }
        }
        members
    }

    fn parse(text: &str) -> Manifest {
        let mut manifest = Manifest {
            dependencies: BTreeSet::new(),
            dev_dependencies: BTreeSet::new(),
            inherits_lints: false,
        };
        let mut section = String::new();
        for line in text.lines().map(str::trim) {
            if line.starts_with('[') {
                section = line.trim_matches(['[', ']']).to_owned();
                continue;
            }
            let Some((key, value)) = line.split_once('=') else { continue };
            let dependency = key.trim().split('.').next().unwrap().to_owned();
            match section.as_str() {
                "dependencies" | "build-dependencies" => drop(manifest.dependencies.insert(dependency)),
                "dev-dependencies" => drop(manifest.dev_dependencies.insert(dependency)),
                "lints" => manifest.inherits_lints |= key.trim() == "workspace" && value.trim() == "true",
                _ => {}
            }
        }
        manifest
    }

    #[test]
    fn every_member_knows_only_the_layers_below_it() {
        for (name, manifest) in members() {
            let edges = EDGES.iter().find(|(member, _)| *member == name);
            let (_, allowed) = edges.unwrap_or_else(|| panic!("{name} is in no layer: add it to EDGES"));
            let inner = manifest.dependencies.iter().filter(|it| it.starts_with("flightdeck"));
            for dependency in inner {
                assert!(allowed.contains(&dependency.as_str()), "{name} must not depend on {dependency}");
            }
        }
    }

    #[test]
    fn third_party_crates_stay_with_their_owners() {
        for (name, manifest) in members() {
            for (dependency, owners) in OWNERS {
                let takes = manifest.dependencies.contains(*dependency);
                assert!(!takes || owners.contains(&name.as_str()), "{name} must not depend on {dependency}");
            }
        }
    }

    #[test]
    fn the_testkit_is_for_tests_alone() {
        for (name, manifest) in members() {
            assert!(!manifest.dependencies.contains("flightdeck-testkit"), "{name} ships the testkit");
        }
    }

    #[test]
    fn every_member_obeys_the_lints_of_the_workspace() {
        for (name, manifest) in members() {
            assert!(manifest.inherits_lints, "{name} lacks [lints] workspace = true");
        }
    }

    #[test]
    fn no_module_is_a_drawer() {
        const DRAWERS: [&str; 10] =
            ["utils", "util", "common", "helpers", "helper", "misc", "types", "shared", "base", "lib2"];
        let mut folders = vec![root().join("crates"), root().join("bins")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
                if path.is_dir() {
                    folders.push(path.clone());
                }
                let is_module = path.is_dir() || path.extension().is_some_and(|it| it == "rs");
                assert!(!(is_module && DRAWERS.contains(&stem.as_str())), "{} says nothing", path.display());
                assert!(path.file_name().unwrap() != "mod.rs", "{}: modules are name.rs", path.display());
            }
        }
    }
}
