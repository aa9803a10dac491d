//! Host list expressions as HPC sites write them: `r[01-02]n[01-10],login`.
//!
//! Parses and prints them, tells whether a host belongs to one, lists the hosts, and folds hosts back into an
//! expression. It works on names alone: it knows no cluster and cannot tell whether a host exists.

mod error;
mod fold;
mod numbers;
mod parse;
mod positions;
mod term;
#[cfg(test)]
mod tests;

use std::{collections::HashSet, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use error::NodeListError;
use term::Term;

/// Longest expression, in bytes, as it is given and as it is printed.
const MAX_EXPRESSION_BYTES: usize = 64 * 1024;
/// Most comma-separated terms in an expression.
const MAX_TERMS: usize = 8192;
/// Longest host name, in bytes; the domain name system allows no more either.
const MAX_HOST_BYTES: usize = 255;
/// Most digits in a number that a bracket or a fold handles as one; all of them fit into 64 bits.
const MAX_DIGITS: u32 = 18;

/// A set of hosts, written as a host list expression.
///
/// An expression is a comma-separated list of terms. A term mixes literal text (a letter or digit, then
/// letters, digits, `-`, `.` and `_`) with brackets, and a bracket holds comma-separated numbers and ranges
/// of numbers:
///
/// | expression | hosts |
/// |---|---|
/// | `login` | login |
/// | `n[1,3,8-12]` | n1, n3, n8, n9, n10, n11, n12 |
/// | `n[001-064]` | n001 to n064: a leading zero sets the least number of digits |
/// | `n[98-101]`, `n[098-101]` | n98, n99, n100, n101; n098, n099, n100, n101 |
/// | `r[01-02]n[01-10]-ib` | r01n01-ib to r02n10-ib |
/// | `*` (alone) | every host |
/// | the empty text | no host |
///
/// White space round a term and one comma after the last term are ignored. Printing gives the expression back
/// in a normal form: the numbers of a bracket ascending (those of fewer digits first) and joined to the
/// longest ranges, a bracket round a single number dropped. Terms keep their order.
///
/// ```
/// use flightdeck_model::NodeList;
///
/// let nodes: NodeList = "a[0531-0537],login".parse()?;
/// assert!(nodes.contains("a0533"));
/// assert!(!nodes.contains("a533"));
/// assert_eq!(nodes.count(), Some(8));
/// assert_eq!(NodeList::fold(["n09", "n10", "n08"])?.to_string(), "n[08-10]");
/// # Ok::<(), flightdeck_model::NodeListError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct NodeList {
    hosts: Hosts,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Hosts {
    Any,
    Listed(Vec<Term>),
}

impl Default for Hosts {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

impl NodeList {
    /// Tells whether `host` is in the list, by its whole name and with upper and lower case distinct.
    ///
    /// Neither expands the list nor allocates; the time grows with the number of terms.
    #[must_use]
    pub fn contains(&self, host: &str) -> bool {
        match &self.hosts {
            Hosts::Any => true,
            Hosts::Listed(terms) => terms.iter().any(|term| term.matches(host)),
        }
    }

    /// Tells whether this is `*`, the list of every host.
    #[must_use]
    pub fn is_any(&self) -> bool {
        matches!(self.hosts, Hosts::Any)
    }

    /// Returns how many hosts the terms name, or `None` for `*`. Stays at [`u64::MAX`] beyond that.
    ///
    /// This multiplies and adds instead of expanding, so a host that several terms name, or that adjacent
    /// brackets give in several ways (`n[1-11][1-11]`), counts each time.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        match &self.hosts {
            Hosts::Any => None,
            Hosts::Listed(terms) => Some(terms.iter().map(Term::count).fold(0, u64::saturating_add)),
        }
    }

    /// Lists the hosts: term by term, within a term the numbers ascending and the last bracket's running
    /// fastest. A host that comes up again is left out.
    ///
    /// # Errors
    ///
    /// [`NodeListError::TooLarge`] when [`count`](Self::count) exceeds `limit`, before anything is allocated,
    /// and [`NodeListError::EveryHost`] for `*`.
    pub fn expand(&self, limit: usize) -> Result<Vec<String>, NodeListError> {
        let Hosts::Listed(terms) = &self.hosts else { return Err(NodeListError::EveryHost) };
        let count = terms.iter().map(Term::count).fold(0, u64::saturating_add);
        if usize::try_from(count).map_or(true, |hosts| hosts > limit) {
            return Err(NodeListError::TooLarge { hosts: count, limit });
        }

        let hosts: Vec<String> = terms.iter().flat_map(Term::expand).collect();
        let mut seen = HashSet::with_capacity(hosts.len());
        let is_new: Vec<bool> = hosts.iter().map(|host| seen.insert(host.as_str())).collect();
        Ok(hosts.into_iter().zip(is_new).filter_map(|(host, new)| new.then_some(host)).collect())
    }

    /// Folds hosts, in any order and with repetitions, into a short list of exactly these hosts.
    ///
    /// Names that differ in their numbers alone share a term, with a bracket for each number that varies, as
    /// far as that makes the expression shorter. It is never longer than the names joined by commas. The
    /// terms are sorted by their text, the hosts within a term by number.
    ///
    /// # Errors
    ///
    /// [`NodeListError::InvalidHost`] when a name cannot stand in an expression (it is empty or longer than
    /// 255 bytes, or has characters that an expression does not allow), and [`NodeListError::TooLong`] or
    /// [`NodeListError::TooManyTerms`] when the result would not parse for its size.
    pub fn fold<Host: AsRef<str>>(hosts: impl IntoIterator<Item = Host>) -> Result<Self, NodeListError> {
        let owned: Vec<Host> = hosts.into_iter().collect();
        let names: Vec<&str> = owned.iter().map(AsRef::as_ref).collect();
        Self::from_terms(fold::fold(&names)?)
    }

    /// Every list is built here, so that whatever is printed can be parsed again.
    fn from_terms(terms: Vec<Term>) -> Result<Self, NodeListError> {
        if terms.len() > MAX_TERMS {
            return Err(NodeListError::TooManyTerms);
        }
        let list = Self { hosts: Hosts::Listed(terms) };
        let printed_bytes = list.to_string().len();
        if printed_bytes > MAX_EXPRESSION_BYTES {
            return Err(NodeListError::TooLong { bytes: printed_bytes });
        }
        Ok(list)
    }
}

impl FromStr for NodeList {
    type Err = NodeListError;

    fn from_str(expression: &str) -> Result<Self, Self::Err> {
        if expression.len() > MAX_EXPRESSION_BYTES {
            return Err(NodeListError::TooLong { bytes: expression.len() });
        }
        if expression.trim_ascii() == "*" {
            return Ok(Self { hosts: Hosts::Any });
        }
        Self::from_terms(parse::parse_terms(expression)?)
    }
}

impl fmt::Display for NodeList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hosts::Listed(terms) = &self.hosts else { return f.write_str("*") };
        let mut separator = "";
        for term in terms {
            write!(f, "{separator}{term}")?;
            separator = ",";
        }
        Ok(())
    }
}

impl Serialize for NodeList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NodeList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl de::Visitor<'_> for TextVisitor {
    type Value = NodeList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a node list such as \"n[01-64],login\"")
    }

    fn visit_str<E: de::Error>(self, expression: &str) -> Result<NodeList, E> {
        expression.parse().map_err(E::custom)
    }
}
