//! The parts of a node at which a metric is measured or shown, and their order.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

#[cfg(test)]
mod tests;

/// The part of a node that one series of a metric belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum MetricScope {
    /// One accelerator, such as a GPU.
    Accelerator,
    /// One hardware thread.
    #[serde(rename = "hwthread")]
    HwThread,
    /// One physical core.
    Core,
    /// One NUMA domain.
    MemoryDomain,
    /// One CPU socket.
    Socket,
    /// The whole node.
    Node,
}

impl MetricScope {
    /// All scopes, coarsest first.
    pub const ALL: [Self; 6] =
        [Self::Node, Self::Socket, Self::MemoryDomain, Self::Core, Self::HwThread, Self::Accelerator];

    /// The scope's name in the API and in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Socket => "socket",
            Self::MemoryDomain => "memoryDomain",
            Self::Core => "core",
            Self::HwThread => "hwthread",
            Self::Accelerator => "accelerator",
        }
    }

    /// Whether one part of this scope holds several of `other`'s: a node holds sockets and accelerators,
    /// a socket holds cores, but neither holds the other of an accelerator and a core.
    #[must_use]
    pub fn is_coarser_than(self, other: Self) -> bool {
        if self == Self::Accelerator || (other == Self::Accelerator && self != Self::Node) {
            return false;
        }
        self > other
    }
}

impl fmt::Display for MetricScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is not a metric scope: allowed are node, socket, memoryDomain, core, hwthread and accelerator"
)]
pub struct UnknownScope(pub String);

impl FromStr for MetricScope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| UnknownScope(text.to_owned()))
    }
}

/// A scope to show, and the archived scope that its series are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScopeSource {
    /// The scope that is shown.
    pub shown: MetricScope,
    /// The archived scope: the same, or a finer one to aggregate from.
    pub from: MetricScope,
}

impl ScopeSource {
    const fn as_archived(scope: MetricScope) -> Self {
        Self { shown: scope, from: scope }
    }
}

/// Which scopes of a metric to show when some are asked for, in the order of the requests and each once.
///
/// - Nothing is asked for: all archived ones.
/// - An archived scope: as it is.
/// - One that is coarser than an archived scope, if the metric can be aggregated: made of the coarsest such
///   scope, which has the fewest series.
/// - Any other: the finest archived scope as it is, an accelerator only when there is nothing else.
#[must_use]
pub fn scopes_to_show(
    archived: &[MetricScope],
    requested: &[MetricScope],
    can_aggregate: bool,
) -> Vec<ScopeSource> {
    let wanted = if requested.is_empty() { archived } else { requested };
    let mut sources: Vec<ScopeSource> = Vec::with_capacity(wanted.len());
    for &scope in wanted {
        let Some(source) = source_of(scope, archived, can_aggregate) else { continue };
        if sources.iter().all(|known| known.shown != source.shown) {
            sources.push(source);
        }
    }
    sources
}

fn source_of(wanted: MetricScope, archived: &[MetricScope], can_aggregate: bool) -> Option<ScopeSource> {
    if archived.contains(&wanted) {
        return Some(ScopeSource::as_archived(wanted));
    }
    let finer = archived.iter().copied().filter(|&scope| wanted.is_coarser_than(scope));
    if let Some(from) = finer.max().filter(|_| can_aggregate) {
        return Some(ScopeSource { shown: wanted, from });
    }
    let finest = archived.iter().copied().min_by_key(|&scope| (scope == MetricScope::Accelerator, scope));
    finest.map(ScopeSource::as_archived)
}
