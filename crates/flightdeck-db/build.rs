//! Builds the crate anew when a migration changed: they are embedded, and Cargo does not see that by itself.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
