//! Understands an answer: as many rows as were asked, with no more series and samples than could have been asked for,
//! so that a body of some MiB never becomes some GiB of memory.

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

#[cfg(test)]
mod tests;

/// One series of an answer, as it stands there.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Element {
    /// Why there is none.
    pub(crate) error: Option<String>,
    /// Samples, NaN for those that are missing.
    pub(crate) data: Vec<f64>,
    /// When the first sample was taken, in Unix seconds.
    pub(crate) from: i64,
    /// Seconds between two samples.
    pub(crate) resolution: i64,
}

/// Decodes an answer. `series_asked` says for each query how many series it asked for; `samples_max` is how many samples
/// of a series can matter, those beyond are passed over.
///
/// # Errors
///
/// When it is not JSON of this form, or there are more or fewer rows than queries, or more series in a row than asked for.
pub(crate) fn decode(
    json: &[u8],
    series_asked: &[usize],
    samples_max: usize,
) -> Result<Vec<Vec<Element>>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let rows = AnswerSeed { series_asked, samples_max }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(rows)
}

#[derive(Clone, Copy)]
struct AnswerSeed<'a> {
    series_asked: &'a [usize],
    samples_max: usize,
}

impl<'de> DeserializeSeed<'de> for AnswerSeed<'_> {
    type Value = Vec<Vec<Element>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for AnswerSeed<'_> {
    type Value = Vec<Vec<Element>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with results")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut rows = None;
        while let Some(key) = members.next_key::<String>()? {
            if key == "results" {
                rows = Some(members.next_value_seed(RowsSeed(self))?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        rows.ok_or_else(|| A::Error::missing_field("results"))
    }
}

struct RowsSeed<'a>(AnswerSeed<'a>);

impl<'de> DeserializeSeed<'de> for RowsSeed<'_> {
    type Value = Vec<Vec<Element>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for RowsSeed<'_> {
    type Value = Vec<Vec<Element>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows of results", self.0.series_asked.len())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let AnswerSeed { series_asked, samples_max } = self.0;
        let mut rows = Vec::with_capacity(series_asked.len());
        for &series_max in series_asked {
            let row = items.next_element_seed(RowSeed { series_max, samples_max })?;
            rows.push(row.ok_or_else(|| A::Error::invalid_length(rows.len(), &self))?);
        }
        if items.next_element::<IgnoredAny>()?.is_some() {
            return Err(A::Error::invalid_length(rows.len() + 1, &self));
        }
        Ok(rows)
    }
}

struct RowSeed {
    series_max: usize,
    samples_max: usize,
}

impl<'de> DeserializeSeed<'de> for RowSeed {
    type Value = Vec<Element>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for RowSeed {
    type Value = Vec<Element>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} series", self.series_max)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut row = Vec::new();
        while let Some(element) = items.next_element_seed(ElementSeed { samples_max: self.samples_max })? {
            row.push(element);
            if row.len() > self.series_max {
                return Err(A::Error::invalid_length(row.len(), &self));
            }
        }
        Ok(row)
    }
}

struct ElementSeed {
    samples_max: usize,
}

impl<'de> DeserializeSeed<'de> for ElementSeed {
    type Value = Element;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ElementKey {
    Error,
    Data,
    From,
    Resolution,
    #[serde(other)]
    Other,
}

impl<'de> Visitor<'de> for ElementSeed {
    type Value = Element;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a series")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut element = Element::default();
        while let Some(key) = members.next_key::<ElementKey>()? {
            match key {
                ElementKey::Error => element.error = members.next_value()?,
                ElementKey::Data => {
                    element.data = members.next_value_seed(SamplesSeed { samples_max: self.samples_max })?;
                }
                ElementKey::From => element.from = members.next_value::<Option<i64>>()?.unwrap_or(0),
                ElementKey::Resolution => {
                    element.resolution = members.next_value::<Option<i64>>()?.unwrap_or(0);
                }
                ElementKey::Other => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        element.error = element.error.filter(|text| !text.is_empty());
        Ok(element)
    }
}

struct SamplesSeed {
    samples_max: usize,
}

impl<'de> DeserializeSeed<'de> for SamplesSeed {
    type Value = Vec<f64>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for SamplesSeed {
    type Value = Vec<f64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of numbers")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut samples = Vec::new();
        while let Some(sample) = items.next_element::<Option<f64>>()? {
            if samples.len() < self.samples_max {
                samples.push(sample.unwrap_or(f64::NAN));
            }
        }
        Ok(samples)
    }
}
