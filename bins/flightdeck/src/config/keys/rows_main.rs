//! The rows of the section `main`. Nothing but data.

use super::{Key, Kind};

const COUNT: Kind = Kind::Integer { min: 0, max: i64::MAX };
const SMALL_COUNT: Kind = Kind::Integer { min: 0, max: u32::MAX as i64 };

/// The section `main` and all that is in it.
pub(super) const MAIN: &[Key] = &[
    Key::new("main", Kind::Table, "The server itself.").required().served(),
    Key::new("main.addr", Kind::ListenAddress, "Address to listen on; without a host, on all of the machine's.")
        .default(r#""localhost:8080""#)
        .served(),
    Key::new(
        "main.api-allowed-ips",
        Kind::AllowList,
        "Who may use the routes under `/api`: addresses, networks, or `*` for all. There is no default: say it.",
    )
    .required()
    .example(r#"["127.0.0.1", "::1"]"#)
    .served(),
    Key::new(
        "main.trusted-proxies",
        Kind::NetworkList,
        "Proxies whose `X-Forwarded-For` is believed, read from the right.",
    )
    .default("[]")
    .served(),
    Key::new(
        "main.max-items-per-page",
        SMALL_COUNT,
        "Longest page a list may be asked for; a longer one is answered with 400. 0 sets no limit.",
    )
    .default("0")
    .served(),
    Key::new(
        "main.request-body-limit",
        Kind::Integer { min: 1024, max: 1 << 32 },
        "Largest request body in bytes; a larger one is answered with 413.",
    )
    .default("8388608")
    .served(),
    Key::new(
        "main.db",
        Kind::DatabaseLocation,
        "SQLite database file, or the `postgres://` URL of a PostgreSQL database.",
    )
    .default(r#""./var/job.db""#)
    .served(),
    Key::new(
        "main.refused-jobs",
        Kind::OneOf(&["error", "quarantine"]),
        "What becomes of well-formed job starts and stops that a rule refuses: `error` answers them with 400, \
         `quarantine` keeps them for `flightdeck quarantine` and answers 422, so that the client goes on.",
    )
    .default(r#""error""#)
    .served(),
    Key::new(
        "main.quarantine-max",
        Kind::Integer { min: 1, max: i64::MAX },
        "Refused starts and stops that are kept at most; further ones are answered as with `error`.",
    )
    .default("100000")
    .served(),
    Key::new("main.db-config", Kind::Table, "Tuning of the database.").served(),
    Key::new(
        "main.db-config.max-open-connections",
        Kind::Integer { min: 1, max: 256 },
        "Connections that read at the same time.",
    )
    .default("4")
    .served(),
    Key::new(
        "main.db-config.cache-size-mb",
        Kind::Integer { min: 1, max: 1 << 20 },
        "Page cache in MiB of each connection (the reference server takes 2048).",
    )
    .default("4")
    .served(),
    Key::new(
        "main.db-config.busy-timeout-ms",
        Kind::Integer { min: 0, max: 3_600_000 },
        "How long to wait for another process that holds the database, in milliseconds.",
    )
    .default("60000")
    .served(),
    Key::new(
        "main.db-config.write-queue",
        Kind::Integer { min: 1, max: 1 << 20 },
        "Changes that may wait to be written; further ones are answered with 503 at once.",
    )
    .default("16384")
    .served(),
    Key::new("main.db-config.soft-heap-limit-mb", COUNT, "Limit of the database's memory in MiB."),
    Key::new("main.db-config.max-idle-connections", COUNT, "Connections kept open while idle."),
    Key::new("main.db-config.max-idle-time-minutes", COUNT, "Minutes before an idle connection is closed."),
    Key::new(
        "main.https-cert-file",
        Kind::FilledText,
        "Certificate chain (PEM); with `https-key-file` the server speaks HTTPS.",
    )
    .served(),
    Key::new("main.https-key-file", Kind::FilledText, "Private key (PEM) of `https-cert-file`.").served(),
    Key::new("main.resampling", Kind::Table, "How long time series are thinned out for plots.").served(),
    Key::new(
        "main.resampling.minimum-points",
        SMALL_COUNT,
        "Series of fewer samples are never resampled; 0 means the default.",
    )
    .default("1000")
    .served(),
    Key::new(
        "main.resampling.trigger",
        SMALL_COUNT,
        "Number of visible samples below which a plot loads the next finer resolution.",
    )
    .required()
    .example("300")
    .served(),
    Key::new(
        "main.resampling.resolutions",
        Kind::IntegerList { min: 1, max: u32::MAX as i64 },
        "Resolutions of plots in seconds between samples.",
    )
    .required()
    .example("[240, 60]")
    .served(),
    Key::new("main.user", Kind::Text, "User to become after the address is bound."),
    Key::new("main.group", Kind::Text, "Group to become after the address is bound."),
    Key::new("main.disable-authentication", Kind::Flag, "Whether everyone may do everything."),
    Key::new("main.embed-static-files", Kind::Flag, "Whether the web pages come from the binary."),
    Key::new("main.static-files", Kind::Text, "Folder of the web pages."),
    Key::new("main.enable-job-taggers", Kind::Flag, "Whether rules tag jobs at start and stop."),
    Key::new("main.validate", Kind::Flag, "Whether archive files are checked against their schema."),
    Key::new(
        "main.session-max-age",
        Kind::Duration { min_s: 0, may_be_empty: true },
        "Lifetime of a session cookie.",
    ),
    Key::new("main.redirect-http-to", Kind::Text, "Where a listener on port 80 sends browsers."),
    Key::new(
        "main.stop-jobs-exceeding-walltime",
        SMALL_COUNT,
        "Seconds beyond its walltime after which a running job is stopped at start + walltime, with the state \
         `timeout`; 0 is never.",
    )
    .default("0")
    .served(),
    Key::new(
        "main.short-running-jobs-duration",
        COUNT,
        "Jobs shorter than this many seconds are \"short\" in the web pages.",
    ),
    Key::new("main.emission-constant", COUNT, "Grams of CO2 per kWh, for display."),
    Key::new(
        "main.machine-state-dir",
        Kind::Text,
        "Folder of the machines' state files, made if need be; without it there is no `/api/machine_state`.",
    )
    .served(),
    Key::new("main.systemd-unit", Kind::Text, "Unit whose journal the log viewer shows."),
    Key::new(
        "main.api-subjects",
        Kind::Table,
        "Job and node events over NATS; the REST routes stay in use beside them.",
    )
    .served(),
    Key::new("main.api-subjects.subject-job-event", Kind::FilledText, "Subject of job events.")
        .required()
        .example(r#""cc.job.event""#)
        .served(),
    Key::new("main.api-subjects.subject-node-state", Kind::FilledText, "Subject of node states.")
        .required()
        .example(r#""cc.node.state""#)
        .served(),
    Key::new(
        "main.api-subjects.job-concurrency",
        Kind::Integer { min: 1, max: 1024 },
        "Job events that are worked on at the same time; those of one job stay in order.",
    )
    .default("8")
    .served(),
    Key::new(
        "main.api-subjects.node-concurrency",
        Kind::Integer { min: 1, max: 1024 },
        "Reports of node states that are worked on at the same time.",
    )
    .default("2")
    .served(),
    Key::new(
        "main.nodestate-retention",
        Kind::Table,
        "What becomes of old node states; without it they are kept for ever.",
    )
    .served(),
    Key::new(
        "main.nodestate-retention.policy",
        Kind::OneOf(&["delete", "move"]),
        "What is done; this version serves `delete`. The current state of a node always stays.",
    )
    .required()
    .example(r#""delete""#)
    .served(),
    Key::new(
        "main.nodestate-retention.age",
        SMALL_COUNT,
        "Age in hours from which it is done; 0 means the default.",
    )
    .default("24")
    .served(),
    Key::new("main.nodestate-retention.target-kind", Kind::OneOf(&["file", "s3"]), "Where states are moved."),
    Key::new("main.nodestate-retention.target-path", Kind::Text, "Folder they are moved to."),
    Key::new("main.nodestate-retention.target-endpoint", Kind::Text, "S3 endpoint."),
    Key::new("main.nodestate-retention.target-bucket", Kind::Text, "S3 bucket."),
    Key::new("main.nodestate-retention.target-access-key", Kind::Text, "S3 access key."),
    Key::new("main.nodestate-retention.target-secret-key", Kind::Text, "S3 secret key."),
    Key::new("main.nodestate-retention.target-region", Kind::Text, "S3 region."),
    Key::new("main.nodestate-retention.target-use-path-style", Kind::Flag, "Whether S3 URLs have the bucket in the path."),
    Key::new("main.nodestate-retention.max-file-size-mb", COUNT, "Size in MiB at which a new file begins."),
];
