//! What can be wrong with a line.

use thiserror::Error;

/// What is wrong with a line, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("column {column}: {problem}")]
pub struct LineError {
    /// Where in the line, in bytes from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a line, and what is allowed there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// The line does not begin with a name.
    #[error("the name of the metric is missing")]
    NameMissing,
    /// Neither a tag nor a field follows where one must.
    #[error("a tag is written ,name=value")]
    Tag,
    /// The line ends before its fields.
    #[error("the field is missing, as in value=1.5 after a blank")]
    FieldMissing,
    /// A field has no name or no equals sign.
    #[error("a field is written name=value")]
    Field,
    /// A field's value is none.
    #[error("a value is a finite number (1.5, 2e3), an integer (1i, 1u), a \"text\", true or false")]
    Value,
    /// An integer is larger than 64 bits, or a number larger than a 64-bit float.
    #[error("the number does not fit 64 bits")]
    ValueRange,
    /// A text has no closing quote in its line.
    #[error("the text has no closing quote")]
    OpenText,
    /// Something follows a field's value.
    #[error("a comma, a blank or the end of the line must follow a value")]
    AfterValue,
    /// There are fields, but none that says what the line is.
    #[error("none of the fields is called value, event, log or control")]
    NoKnownField,
    /// There are fields, but not the text of an event.
    #[error("there is no text field called event")]
    NoEvent,
    /// The time is no whole number.
    #[error("the time must be a whole number of at most 64 bits")]
    Time,
    /// Something follows the time.
    #[error("nothing may follow the time")]
    AfterTime,
    /// A name or a tag ends with a backslash.
    #[error("a backslash must have a character after it")]
    LoneBackslash,
    /// A name, a tag or a text in use is no text.
    #[error("names, tags and texts must be UTF-8")]
    NotUtf8,
}

impl Problem {
    /// This problem, `offset` bytes behind the line's first.
    pub(crate) const fn at(self, offset: usize) -> LineError {
        LineError { column: offset + 1, problem: self }
    }
}
