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

# Licences, bans and sources of all dependencies (needs cargo-deny).
deny:
    cargo deny check licenses bans sources

# The server with a synthetic archive.
demo:
    cargo run --release -- demo

# Writes docs/openapi.json and docs/config.example.json anew after a wanted change.
generate:
    UPDATE_GENERATED=1 cargo test -p flightdeck-http --test it generated
    UPDATE_GENERATED=1 cargo test -p flightdeck --lib generated

# How long lists, look-ups and imports take in the database alone.
speed:
    cargo run --release -p flightdeck-db --example speed
