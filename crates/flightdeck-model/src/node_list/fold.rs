//! Folds host names into the terms of a short expression.
//!
//! Names are cut into text and numbers. Those with the same texts are points of a grid with an axis for each
//! number, and the points are gathered into blocks, each of which is a term. The result covers exactly the
//! names given. Nothing here knows the limits on an expression's size.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    MAX_DIGITS,
    error::NodeListError,
    numbers::{Number, NumberSet},
    parse::is_host_name,
    term::Term,
};

/// A refused name is repeated up to this many characters.
const EXCERPT_CHARS: usize = 64;
/// Gathering first along one axis or another gives different blocks; at most this many axes are tried.
const MAX_AXES_TRIED: usize = 4;

/// The texts round the numbers of a host name, one more than there are numbers.
type Frame<'host> = Vec<&'host str>;
/// A set of numbers for each axis; it stands for all their combinations.
type Block = Vec<NumberSet>;

/// Returns terms that together name exactly `hosts`.
pub(super) fn fold(hosts: &[&str]) -> Result<Vec<Term>, NodeListError> {
    let mut groups: BTreeMap<Frame<'_>, BTreeSet<Vec<Number>>> = BTreeMap::new();
    for host in hosts {
        if !is_host_name(host) {
            return Err(NodeListError::InvalidHost { host: host.chars().take(EXCERPT_CHARS).collect() });
        }
        let (frame, numbers) = cut(host);
        groups.entry(frame).or_default().insert(numbers);
    }
    Ok(groups.iter().flat_map(|(frame, points)| fold_group(frame, points)).collect())
}

/// Cuts a name into its texts and numbers. Numbers too long to count with stay text.
fn cut(host: &str) -> (Frame<'_>, Vec<Number>) {
    let mut frame = Vec::new();
    let mut numbers = Vec::new();
    let mut text_start = 0;
    let mut position = 0;
    for piece in host.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
        let start = position;
        position += piece.len();
        if let Some(number) = host.get(start..position).and_then(number) {
            frame.push(host.get(text_start..start).unwrap_or_default());
            numbers.push(number);
            text_start = position;
        }
    }
    frame.push(host.get(text_start..).unwrap_or_default());
    (frame, numbers)
}

fn number(piece: &str) -> Option<Number> {
    let digits = u32::try_from(piece.len()).ok().filter(|digits| *digits <= MAX_DIGITS)?;
    piece.parse().ok().map(|value| Number { digits, value })
}

/// Folds the points of one frame along each of several axes first, and returns the shortest outcome.
fn fold_group(frame: &[&str], points: &BTreeSet<Vec<Number>>) -> Vec<Term> {
    let axes = varying_axes(points);
    let mut shortest: Option<(usize, Vec<Term>)> = None;
    for tried in 0..axes.len().clamp(1, MAX_AXES_TRIED) {
        let mut blocks: Vec<Block> =
            points.iter().map(|point| point.iter().copied().map(NumberSet::single).collect()).collect();
        // The last number of a name usually varies most.
        let first_axis = axes.iter().rev().nth(tried);
        for axis in first_axis.into_iter().chain(axes.iter().rev().filter(|axis| Some(*axis) != first_axis)) {
            blocks = gather_along(*axis, blocks);
        }
        blocks.sort_unstable();
        let terms: Vec<Term> =
            blocks.into_iter().flat_map(|numbers| terms_of_block(frame, numbers)).collect();
        let bytes = printed_bytes(&terms);
        if shortest.as_ref().is_none_or(|(least_bytes, _)| bytes < *least_bytes) {
            shortest = Some((bytes, terms));
        }
    }
    shortest.map(|(_, terms)| terms).unwrap_or_default()
}

/// Returns the axes along which `points` differ, ascending.
fn varying_axes(points: &BTreeSet<Vec<Number>>) -> Vec<usize> {
    let Some(some_point) = points.first() else { return Vec::new() };
    let varies = |axis: &usize| points.iter().any(|point| point.get(*axis) != some_point.get(*axis));
    (0..some_point.len()).filter(varies).collect()
}

/// Makes one block of all blocks that are the same but for their numbers on `axis`.
fn gather_along(axis: usize, blocks: Vec<Block>) -> Vec<Block> {
    let mut gathered: BTreeMap<Block, Vec<NumberSet>> = BTreeMap::new();
    for mut others in blocks {
        let on_axis = others.remove(axis);
        gathered.entry(others).or_default().push(on_axis);
    }
    let restored = gathered.into_iter().map(|(mut numbers, on_axis)| {
        numbers.insert(axis, NumberSet::union(on_axis));
        numbers
    });
    restored.collect()
}

/// Writes a block as one term, or as a term for each of its hosts when that is shorter (`a1,a2`).
fn terms_of_block(frame: &[&str], numbers: Block) -> Vec<Term> {
    let mut term = Term::default();
    let mut numbers = numbers.into_iter();
    for text in frame {
        term.push_literal(text);
        if let Some(set) = numbers.next() {
            term.push_numbers(set);
        }
    }
    let plain: Vec<Term> = term.expand().iter().map(|host| Term::literal(host)).collect();
    let folded = vec![term];
    if printed_bytes(&folded) <= printed_bytes(&plain) { folded } else { plain }
}

/// Returns the printed length of `terms` with a comma after each.
fn printed_bytes(terms: &[Term]) -> usize {
    terms.iter().map(|term| term.to_string().len() + 1).sum()
}
