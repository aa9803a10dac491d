//! Takes the lines of a message of events apart.

/// A line with the body of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventLine {
    /// Which of the message's lines, from 1.
    pub(crate) number: u64,
    pub(crate) measurement: String,
    /// The tag `function`.
    pub(crate) function: Option<String>,
    /// The text field `event`.
    pub(crate) body: String,
}

/// The lines of a message; an error says which line is bad, and why.
pub(crate) fn event_lines(payload: &[u8]) -> Vec<Result<EventLine, String>> {
    let text = String::from_utf8_lossy(payload);
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let Some((head, rest)) = line.split_once(" event=\"") else {
            lines.push(Err(format!("line {number}: has no event")));
            continue;
        };
        let Some((body, _time)) = rest.rsplit_once('"') else {
            lines.push(Err(format!("line {number}: has no end")));
            continue;
        };
        let mut names = head.split(',');
        let measurement = names.next().unwrap_or_default().to_owned();
        let function = names.find_map(|tag| tag.strip_prefix("function=")).map(str::to_owned);
        let body = body.replace("\\\\", "\u{0}").replace("\\\"", "\"").replace('\u{0}', "\\");
        lines.push(Ok(EventLine { number, measurement, function, body }));
    }
    lines
}
