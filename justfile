# Short names for what is done often. `just --list` shows them.

# Everything that has to pass before a change lands.
ci:
    .ci/run

# Formatting and lints.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings

# All tests.
test:
    cargo test --workspace

# The tests that need PostgreSQL, on a throw-away server (needs Debian's package postgresql).
test-postgres:
    scripts/test-postgres

# The tests that need NATS, on a throw-away server (needs Debian's package nats-server).
test-nats:
    scripts/test-nats

# The long form of the tests that kill the server.
soak:
    FLIGHTDECK_SOAK_ROUNDS=100 cargo test --release -p flightdeck --test it -- kills live_metrics

# Licences, bans and sources of all dependencies (needs cargo-deny).
deny:
    cargo deny check licenses bans sources

# The server with a synthetic archive.
demo:
    cargo run --release -- demo

# Writes docs/openapi.json, docs/config.example.json and the table in docs/CONFIGURATION.md anew after a wanted change.
generate:
    FLIGHTDECK_WRITE_DOCS=1 cargo test -p flightdeck-http --test it generated
    FLIGHTDECK_WRITE_DOCS=1 cargo test -p flightdeck --lib pages

# How long lists, look-ups and imports take in the database alone.
speed:
    cargo run --release -p flightdeck-db --example speed
