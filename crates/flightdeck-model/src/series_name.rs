//! What a series of samples is called.

/// The identity of a series: which metric of which part of which host. Borrowed, because it is looked up far more often
/// than it is kept.
///
/// A series of the host itself has no part; then `kind` is empty, whether the sender wrote `type=node` or nothing. A
/// part below (`stype`) may be one of the host itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SeriesName<'a> {
    /// The cluster.
    pub cluster: &'a str,
    /// The host.
    pub host: &'a str,
    /// Kind of the part (tag `type`): `socket`, `core`, `accelerator`, ...; empty for the host itself.
    pub kind: &'a str,
    /// Id of the part (tag `type-id`); empty for the host itself.
    pub id: &'a str,
    /// Kind of the part below (tag `stype`); empty when there is none.
    pub sub_kind: &'a str,
    /// Id of the part below (tag `stype-id`); empty when there is none.
    pub sub_id: &'a str,
    /// The metric.
    pub metric: &'a str,
}
