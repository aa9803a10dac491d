//! What the store logs, to be looked at. All tests of this program share one collector, which is there before the first of
//! them opens a store: what was logged before it came might be switched off for good.

use crate::site::Site;
use std::fmt::{Debug, Write};
use std::sync::{Mutex, Once, PoisonError};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// A line for each event that names a file.
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Begins to collect, unless that has been done.
pub(crate) fn collect() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| tracing::subscriber::set_global_default(Collector).unwrap());
}

/// What was logged of the files of a store.
pub(crate) fn logged(site: &Site) -> Vec<String> {
    let folder = site.folder.path().to_str().unwrap();
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    lines.iter().filter(|line| line.contains(folder)).cloned().collect()
}

struct Collector;

/// An event on its way to become a line.
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Collector {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        if line.0.contains(" path=") {
            LINES.lock().unwrap_or_else(PoisonError::into_inner).push(line.0);
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
