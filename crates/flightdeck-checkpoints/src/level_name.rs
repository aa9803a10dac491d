//! Tells which part of a host a level stands for. The files have only the concatenation of what senders call type and
//! id, like `socket0` or `accelerator00000000:01:00.0`. Must not know which files the names come from.

/// A part of a host, and perhaps a part of that. All empty: the host itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    pub(crate) kind: &'a str,
    pub(crate) id: &'a str,
    pub(crate) sub_kind: &'a str,
    pub(crate) sub_id: &'a str,
}

/// What senders measure of a host. No word here begins another one, so their order does not matter.
const KINDS: [&str; 8] = ["socket", "memoryDomain", "core", "hwthread", "accelerator", "die", "llc", "cpu"];
/// What they measure of a host or of a part of it.
const SUB_KINDS: [&str; 6] = ["network", "filesystem", "disk", "nvlink", "mig", "device"];

impl<'a> Part<'a> {
    /// The part that levels stand for, outermost first; `None` when they can stand for none.
    pub(crate) fn of_levels(levels: &[&'a str]) -> Option<Self> {
        match *levels {
            [] => Some(Self::default()),
            [level] => Self::of_level(level),
            [level, below] => {
                let part = Self::of_level(level).filter(|part| part.sub_kind.is_empty())?;
                let (sub_kind, sub_id) = split_known(below, &SUB_KINDS).or_else(|| split_at_digit(below))?;
                Some(Self { sub_kind, sub_id, ..part })
            }
            _ => None,
        }
    }

    fn of_level(level: &'a str) -> Option<Self> {
        // That server files what is sent with type=node,type-id=0 under a part called 0.
        if !level.is_empty() && level.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::default());
        }
        if let Some((kind, id)) = split_known(level, &KINDS) {
            let is_thread = kind == "cpu" && id.bytes().all(|byte| byte.is_ascii_digit());
            return Some(Self { kind: if is_thread { "hwthread" } else { kind }, id, ..Self::default() });
        }
        if let Some((sub_kind, sub_id)) = split_known(level, &SUB_KINDS) {
            return Some(Self { sub_kind, sub_id, ..Self::default() });
        }
        split_at_digit(level).map(|(kind, id)| Self { kind, id, ..Self::default() })
    }
}

fn split_known<'a>(level: &'a str, kinds: &[&'static str]) -> Option<(&'a str, &'a str)> {
    let kind = kinds.iter().find(|kind| level.starts_with(**kind))?;
    level.split_at_checked(kind.len())
}

/// The best guess for a kind that is not known: its id begins with a digit. `None` when nothing is left for the kind.
fn split_at_digit(level: &str) -> Option<(&str, &str)> {
    let id_start = level.find(|character: char| character.is_ascii_digit()).unwrap_or(level.len());
    level.split_at_checked(id_start).filter(|(kind, _)| !kind.is_empty())
}

#[cfg(test)]
mod tests;
