//! Which hardware thread of a node belongs to which core, memory domain and socket.

use crate::job::null_as_default;
use serde::{Deserialize, Serialize};

/// An accelerator of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Accelerator {
    /// Its id in jobs' resources and series, often a PCI address.
    #[cfg_attr(feature = "openapi", schema(example = "00000000:19:00.0"))]
    pub id: String,
    /// Kind of accelerator, for example `Nvidia GPU`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Model, for example `H100`.
    #[serde(default)]
    pub model: String,
}

/// The hardware threads of a node by part. Outer index: number of the part; inner values: hardware threads.
///
/// Sites' files are often not consistent (127 cores for 128 threads); a thread that stands in no part
/// of a scope belongs to none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Topology {
    /// All hardware threads.
    #[serde(default, deserialize_with = "null_as_default")]
    pub node: Vec<u32>,
    /// Hardware threads by socket.
    #[serde(default, deserialize_with = "null_as_default")]
    pub socket: Vec<Vec<u32>>,
    /// Hardware threads by NUMA domain.
    #[serde(default, deserialize_with = "null_as_default")]
    pub memory_domain: Vec<Vec<u32>>,
    /// Hardware threads by die.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub die: Vec<Vec<u32>>,
    /// Hardware threads by core.
    #[serde(default, deserialize_with = "null_as_default")]
    pub core: Vec<Vec<u32>>,
    /// Accelerators.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub accelerators: Vec<Accelerator>,
}
