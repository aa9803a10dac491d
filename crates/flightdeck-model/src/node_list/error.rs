//! What can be wrong with a host list expression, or with what is asked of one.
//!
//! Every text is bounded in length, whatever was given.

use super::{MAX_DIGITS, MAX_EXPRESSION_BYTES, MAX_HOST_BYTES, MAX_TERMS};

/// Why a node list cannot be read, listed or folded. Positions are bytes from the start of the expression,
/// from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NodeListError {
    /// The expression, or what a fold would print, is longer than 64 KiB.
    #[error("node list of {bytes} bytes is too long: at most {MAX_EXPRESSION_BYTES} are allowed")]
    TooLong {
        /// Length in bytes.
        bytes: usize,
    },
    /// The expression, or what a fold would print, has more than 8192 terms.
    #[error("node list has too many terms: at most {MAX_TERMS} are allowed")]
    TooManyTerms,
    /// A character cannot stand where it does.
    #[error("unexpected {found:?} at byte {position} of the node list: expected {expected}")]
    UnexpectedCharacter {
        /// The character.
        found: char,
        /// Where it stands.
        position: usize,
        /// What may stand there.
        expected: &'static str,
    },
    /// Nothing stands before, or between, commas.
    #[error("empty term at byte {position} of the node list: expected a host name before the comma")]
    EmptyTerm {
        /// Where the comma stands.
        position: usize,
    },
    /// A bracket is not closed.
    #[error("unclosed bracket at byte {position} of the node list: \"]\" is missing")]
    UnclosedBracket {
        /// Where the bracket opens.
        position: usize,
    },
    /// A bracket holds nothing.
    #[error("empty brackets at byte {position} of the node list: expected numbers such as 1,3,5-9")]
    EmptyBrackets {
        /// Where the bracket opens.
        position: usize,
    },
    /// A range's first number is greater than its last.
    #[error("reversed range {range} at byte {position} of the node list: the smaller number comes first")]
    ReversedRange {
        /// The range as written.
        range: String,
        /// Where it starts.
        position: usize,
    },
    /// A range's last number has leading zeros and another number of digits than its first, as in `1-010`.
    #[error("range {range} at byte {position} of the node list pads its ends to different widths")]
    UnequalPadding {
        /// The range as written.
        range: String,
        /// Where it starts.
        position: usize,
    },
    /// A number in a bracket has more than 18 digits.
    #[error("number at byte {position} of the node list has more than {MAX_DIGITS} digits")]
    NumberTooLong {
        /// Where it starts.
        position: usize,
    },
    /// A term makes host names of more than 255 bytes.
    #[error("term at byte {position} of the node list makes host names of more than {MAX_HOST_BYTES} bytes")]
    HostTooLong {
        /// Where the term starts.
        position: usize,
    },
    /// The list has more hosts than the caller wants listed.
    #[error("node list has {hosts} hosts: at most {limit} can be listed")]
    TooLarge {
        /// Number of hosts as [`NodeList::count`](super::NodeList::count) gives it.
        hosts: u64,
        /// The caller's limit.
        limit: usize,
    },
    /// `*` stands for hosts that it does not name.
    #[error("node list * stands for every host and cannot be listed")]
    EveryHost,
    /// A host to be folded has a name that cannot stand in an expression.
    #[error(
        "host name {host:?} cannot stand in a node list: expected a letter or digit, then letters, digits, '-', '.' or '_', \
         at most {MAX_HOST_BYTES} bytes"
    )]
    InvalidHost {
        /// The name (its first 64 characters when longer).
        host: String,
    },
}
