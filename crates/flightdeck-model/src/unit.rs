//! Units of metrics: a base such as `F/s` and an SI prefix such as `G`.
//!
//! Any text is accepted: sites use bases (`Flops/s`, `packets/s`, `load`) that no list foresees.

use serde::{Deserialize, Serialize};

/// The unit of a metric's values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unit {
    /// What is measured, for example `F/s`, `B`, `W` or the empty text for a plain number.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "F/s"))]
    pub base: String,
    /// SI prefix: `K`, `M`, `G`, `T`, `P` or `E`; absent for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(example = "G"))]
    pub prefix: Option<String>,
}
