//! A change of one text in a job's metadata, as a request names it.

use super::null_as_default;
use serde::{Deserialize, Serialize};

/// Sets one key of a job's metadata. `null` counts as absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetaEdit {
    /// Which text; not empty.
    #[serde(default, deserialize_with = "null_as_default")]
    #[cfg_attr(feature = "openapi", schema(example = "message"))]
    pub key: String,
    /// The text.
    #[serde(default, deserialize_with = "null_as_default")]
    #[cfg_attr(feature = "openapi", schema(example = "stopped by hand"))]
    pub value: String,
}
