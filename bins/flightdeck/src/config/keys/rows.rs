//! The rows of all sections but `main`. Nothing but data.

use super::{Key, Kind};

const COUNT: Kind = Kind::Integer { min: 0, max: i64::MAX };
const SOME: Kind = Kind::Integer { min: 1, max: i64::MAX };
const INTERVAL: Kind = Kind::Duration { min_s: 1, may_be_empty: false };

/// The sections `auth`, `archive`, `cron`, `nats`, `metric-store`, `metric-store-external`, `ui` and all that is in
/// them.
pub(super) const OTHERS: &[Key] = &[
    Key::new("auth", Kind::Table, "Who a request comes from.").served(),
    Key::new("auth.jwts", Kind::Table, "Tokens.").served(),
    Key::new(
        "auth.jwts.max-age",
        Kind::Duration { min_s: 1, may_be_empty: true },
        "Lifetime of the tokens that this server issues; without it they never expire.",
    )
    .example(r#""2000h""#)
    .served(),
    Key::new(
        "auth.jwts.validate-user",
        Kind::Flag,
        "Whether a token's user must be in the user table, which then says the roles and projects.",
    )
    .default("false")
    .served(),
    Key::new("auth.jwts.cookie-name", Kind::Text, "Cookie with a token of another server."),
    Key::new("auth.jwts.trusted-issuer", Kind::Text, "Issuer whose tokens may log in."),
    Key::new("auth.jwts.sync-user-on-login", Kind::Flag, "Whether a login by token adds the user."),
    Key::new("auth.jwts.update-user-on-login", Kind::Flag, "Whether a login by token updates the user."),
    Key::new("auth.ldap", Kind::Table, "Login by LDAP."),
    Key::new("auth.ldap.url", Kind::FilledText, "LDAP server.").required(),
    Key::new("auth.ldap.user-base", Kind::FilledText, "Where users are.").required(),
    Key::new("auth.ldap.search-dn", Kind::FilledText, "Who searches.").required(),
    Key::new("auth.ldap.user-bind", Kind::FilledText, "How a user binds.").required(),
    Key::new("auth.ldap.user-filter", Kind::FilledText, "Which entries are users.").required(),
    Key::new("auth.ldap.username-attr", Kind::Text, "Attribute with the full name."),
    Key::new("auth.ldap.uid-attr", Kind::Text, "Attribute with the login name."),
    Key::new(
        "auth.ldap.sync-interval",
        Kind::Duration { min_s: 1, may_be_empty: true },
        "Time between two synchronisations.",
    ),
    Key::new("auth.ldap.sync-del-old-users", Kind::Flag, "Whether users that are gone are deleted."),
    Key::new("auth.ldap.sync-user-on-login", Kind::Flag, "Whether a login adds the user."),
    Key::new("auth.ldap.update-user-on-login", Kind::Flag, "Whether a login updates the user."),
    Key::new("auth.oidc", Kind::Table, "Login by OpenID Connect."),
    Key::new("auth.oidc.provider", Kind::FilledText, "URL of the provider.").required(),
    Key::new("auth.oidc.sync-user-on-login", Kind::Flag, "Whether a login adds the user."),
    Key::new("auth.oidc.update-user-on-login", Kind::Flag, "Whether a login updates the user."),
    Key::new("archive", Kind::Table, "Where finished jobs are kept.").served(),
    Key::new(
        "archive.kind",
        Kind::OneOf(&["file", "s3", "sqlite"]),
        "Kind of the archive; this version serves `file`.",
    )
    .required()
    .example(r#""file""#)
    .served(),
    Key::new("archive.path", Kind::FilledText, "Root folder of an archive of files.")
        .default(r#""./var/job-archive""#)
        .served(),
    Key::new("archive.db-path", Kind::Text, "File of an SQLite archive."),
    Key::new("archive.endpoint", Kind::Text, "S3 endpoint."),
    Key::new("archive.access-key", Kind::Text, "S3 access key."),
    Key::new("archive.secret-key", Kind::Text, "S3 secret key."),
    Key::new("archive.bucket", Kind::Text, "S3 bucket."),
    Key::new("archive.region", Kind::Text, "S3 region."),
    Key::new("archive.use-path-style", Kind::Flag, "Whether S3 URLs have the bucket in the path."),
    Key::new("archive.compression", COUNT, "Age in days from which data files are compressed."),
    Key::new("archive.retention", Kind::Table, "What becomes of old jobs."),
    Key::new(
        "archive.retention.policy",
        Kind::OneOf(&["none", "delete", "copy", "move"]),
        "What is done with them.",
    )
    .required(),
    Key::new(
        "archive.retention.format",
        Kind::OneOf(&["json", "parquet"]),
        "Format of what is copied or moved.",
    ),
    Key::new("archive.retention.include-db", Kind::Flag, "Whether jobs leave the database too."),
    Key::new(
        "archive.retention.omit-tagged",
        Kind::OneOf(&["none", "all", "user"]),
        "Tagged jobs that stay.",
    ),
    Key::new("archive.retention.age", COUNT, "Age in days from which it is done."),
    Key::new(
        "archive.retention.target-kind",
        Kind::OneOf(&["file", "s3"]),
        "Where jobs are copied or moved.",
    ),
    Key::new("archive.retention.target-path", Kind::Text, "Folder they go to."),
    Key::new("archive.retention.target-endpoint", Kind::Text, "S3 endpoint."),
    Key::new("archive.retention.target-bucket", Kind::Text, "S3 bucket."),
    Key::new("archive.retention.target-access-key", Kind::Text, "S3 access key."),
    Key::new("archive.retention.target-secret-key", Kind::Text, "S3 secret key."),
    Key::new("archive.retention.target-region", Kind::Text, "S3 region."),
    Key::new(
        "archive.retention.target-use-path-style",
        Kind::Flag,
        "Whether S3 URLs have the bucket in the path.",
    ),
    Key::new("archive.retention.max-file-size-mb", COUNT, "Size in MiB at which a new file begins."),
    Key::new("cron", Kind::Table, "Tasks at intervals.").served(),
    Key::new(
        "cron.commit-job-worker",
        INTERVAL,
        "Accepted, and not needed: a job is stored and listed before its start is answered.",
    ),
    Key::new(
        "cron.duration-worker",
        INTERVAL,
        "Accepted, and not needed: durations of running jobs are computed when they are asked for.",
    ),
    Key::new(
        "cron.footprint-worker",
        INTERVAL,
        "Time between two updates of running jobs' footprints.",
    )
    .default(r#""10m""#)
    .served(),
    Key::new(
        "cron.archive-delay",
        Kind::Duration { min_s: 0, may_be_empty: false },
        "Time from the stop of a job to its archiving, for samples that come late.",
    )
    .default(r#""0s""#)
    .served(),
    Key::new("nats", Kind::Table, "Connection to a NATS broker.").served(),
    Key::new("nats.address", Kind::FilledText, "Addresses of the broker's servers, separated by commas.")
        .required()
        .example(r#""nats://127.0.0.1:4222""#)
        .served(),
    Key::new("nats.username", Kind::Text, "User at the broker.").served(),
    Key::new("nats.password", Kind::Text, "The user's password.").served(),
    Key::new("nats.creds-file-path", Kind::Text, "File with credentials.").served(),
    Key::new(
        "nats.stream",
        Kind::Text,
        "JetStream stream that keeps the subjects: messages are acknowledged when what they say is on disk, and come again until then. Without it they are taken as they pass by.",
    )
    .served(),
    Key::new(
        "metric-store",
        Kind::Table,
        "Samples of running jobs. Without this section the server keeps none; unless metric-store-external has them, jobs that end cannot be archived.",
    )
    .served(),
    Key::new(
        "metric-store.retention-in-memory",
        INTERVAL,
        "How long samples are kept; those of running jobs stay from the job's start on.",
    )
    .required()
    .example(r#""48h""#)
    .served(),
    Key::new(
        "metric-store.memory-cap",
        Kind::Integer { min: 0, max: 1_000_000 },
        "GB (1,000,000,000 bytes) that samples may take; then the oldest are dropped, those of running jobs last. 0 is no limit.",
    )
    .required()
    .example("4")
    .served(),
    Key::new(
        "metric-store.num-workers",
        COUNT,
        "Threads that load snapshots at start; 0 lets the server choose.",
    )
    .served(),
    Key::new("metric-store.checkpoint-interval", INTERVAL, "Time between two snapshots.")
        .default(r#""1h""#)
        .served(),
    Key::new(
        "metric-store.directory",
        Kind::FilledText,
        "Folder of the log and the snapshots, made if need be; without it `metric-store`, beside metric-store.checkpoints.directory.",
    )
    .example(r#""./var/metric-store""#)
    .served(),
    Key::new(
        "metric-store.durability",
        Kind::OneOf(&["sync", "flush"]),
        "When a write is answered: after its samples are on disk (`sync`), or in the hands of the operating system (`flush`: they outlive the server, but not the machine).",
    )
    .default(r#""sync""#)
    .served(),
    Key::new(
        "metric-store.write-deadline",
        INTERVAL,
        "How long a write waits for the disk before it is answered with 503.",
    )
    .default(r#""4s""#)
    .served(),
    Key::new(
        "metric-store.series-max",
        Kind::Integer { min: 1, max: 100_000_000 },
        "Series (a metric of a part of a host) that are kept at most; samples of further ones are passed over and counted.",
    )
    .default("5000000")
    .served(),
    Key::new("metric-store.checkpoints", Kind::Table, "Checkpoints of the reference server.").served(),
    Key::new(
        "metric-store.checkpoints.file-format",
        Kind::OneOf(&["wal", "json"]),
        "Accepted, and not needed: checkpoints of both formats are read.",
    ),
    Key::new(
        "metric-store.checkpoints.directory",
        Kind::FilledText,
        "Folder of the reference server's checkpoints, taken over when metric-store.directory is new. It is only read.",
    )
    .default(r#""./var/checkpoints""#)
    .served(),
    Key::new(
        "metric-store.checkpoints.max-wal-size",
        COUNT,
        "Accepted, and not needed: a log is never dropped for its size.",
    ),
    Key::new("metric-store.cleanup", Kind::Table, "What becomes of old checkpoints."),
    Key::new("metric-store.cleanup.mode", Kind::OneOf(&["archive", "delete"]), "What is done with them."),
    Key::new("metric-store.cleanup.directory", Kind::Text, "Where archived checkpoints go."),
    Key::new("metric-store.nats-subscriptions", Kind::TableList, "Samples over NATS.").served(),
    Key::new("metric-store.nats-subscriptions[].subscribe-to", Kind::FilledText, "Subject.")
        .required()
        .served(),
    Key::new(
        "metric-store.nats-subscriptions[].cluster-tag",
        Kind::Text,
        "Cluster of samples that name none.",
    )
    .served(),
    Key::new("metric-store.debug", Kind::Table, "Leftover of the reference server."),
    Key::new("metric-store.debug.dump-to-file", Kind::Text, "Leftover of the reference server."),
    Key::new("metric-store.debug.gops", Kind::Flag, "Leftover of the reference server."),
    Key::new(
        "metric-store-external",
        Kind::TableList,
        "Metric stores of other servers, asked for the samples of the clusters that they serve.",
    )
    .served(),
    Key::new(
        "metric-store-external[].scope",
        Kind::FilledText,
        "What it serves: `<cluster>-<subcluster>`, `<cluster>`, or `*` for all others.",
    )
    .required()
    .served(),
    Key::new(
        "metric-store-external[].url",
        Kind::FilledText,
        "Where it is; `/api/query` is put behind.",
    )
    .required()
    .served(),
    Key::new("metric-store-external[].token", Kind::Text, "Token for it.").required().served(),
    Key::new("ui", Kind::Table, "Defaults of the web pages."),
    Key::new("ui.job-list", Kind::Table, "Job list."),
    Key::new("ui.job-list.use-paging", Kind::Flag, "Pages instead of endless scrolling."),
    Key::new("ui.job-list.show-footprint", Kind::Flag, "Whether footprints are shown."),
    Key::new("ui.node-list", Kind::Table, "Node list."),
    Key::new("ui.node-list.use-paging", Kind::Flag, "Pages instead of endless scrolling."),
    Key::new("ui.job-view", Kind::Table, "Page of a job."),
    Key::new("ui.job-view.show-polar-plot", Kind::Flag, "Whether the polar plot is shown."),
    Key::new("ui.job-view.show-footprint", Kind::Flag, "Whether the footprint is shown."),
    Key::new("ui.job-view.show-roofline", Kind::Flag, "Whether the roofline plot is shown."),
    Key::new("ui.job-view.show-stat-table", Kind::Flag, "Whether the table of statistics is shown."),
    Key::new("ui.metric-config", Kind::Table, "Metrics shown where."),
    Key::new("ui.metric-config.job-list-metrics", Kind::TextList, "Metrics of the job list."),
    Key::new("ui.metric-config.job-view-plot-metrics", Kind::TextList, "Plots of a job."),
    Key::new("ui.metric-config.job-view-table-metrics", Kind::TextList, "Rows of a job's table."),
    Key::new("ui.metric-config.clusters", Kind::TableList, "The same for single clusters."),
    Key::new("ui.metric-config.clusters[].name", Kind::FilledText, "Cluster."),
    Key::new("ui.metric-config.clusters[].job-list-metrics", Kind::TextList, "As above."),
    Key::new("ui.metric-config.clusters[].job-view-plot-metrics", Kind::TextList, "As above."),
    Key::new("ui.metric-config.clusters[].job-view-table-metrics", Kind::TextList, "As above."),
    Key::new("ui.metric-config.clusters[].sub-clusters", Kind::TableList, "The same for single subclusters."),
    Key::new("ui.metric-config.clusters[].sub-clusters[].name", Kind::FilledText, "Subcluster."),
    Key::new("ui.metric-config.clusters[].sub-clusters[].job-list-metrics", Kind::TextList, "As above."),
    Key::new("ui.metric-config.clusters[].sub-clusters[].job-view-plot-metrics", Kind::TextList, "As above."),
    Key::new(
        "ui.metric-config.clusters[].sub-clusters[].job-view-table-metrics",
        Kind::TextList,
        "As above.",
    ),
    Key::new("ui.plot-configuration", Kind::Table, "How plots look."),
    Key::new("ui.plot-configuration.color-background", Kind::Flag, "Whether the background shows the state."),
    Key::new("ui.plot-configuration.plots-per-row", SOME, "Plots beside each other."),
    Key::new("ui.plot-configuration.line-width", SOME, "Width of lines in pixels."),
    Key::new("ui.plot-configuration.color-scheme", Kind::TextList, "Colours of lines."),
];
