//! Numbers and times as people read them.

use std::borrow::Cow;

use jiff::Timestamp;

const NO_BREAK_SPACE: char = '\u{a0}';

/// `1 234 567`, with spaces at which no line is broken.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(NO_BREAK_SPACE);
        }
        text.push(digit);
    }
    text
}

/// `1 line`, `2 000 lines`.
pub(super) fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

pub(super) fn bytes(count: u64) -> String {
    indicatif::BinaryBytes(count).to_string()
}

/// `12 %`; a share that is there at all is not told as none.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0 %".to_owned();
    }
    let share = part as f64 * 100.0 / whole as f64;
    match share {
        0.0 => "0 %".to_owned(),
        ..0.1 => "<0.1 %".to_owned(),
        ..10.0 => format!("{share:.1} %"),
        _ if part < whole => format!("{:.0} %", share.min(99.0)),
        _ => "100 %".to_owned(),
    }
}

/// Milliseconds: `7 ms`, `1.25 s`, `3.0 min`.
pub(super) fn millis(ms: f64) -> String {
    match ms {
        ..10.0 if ms.fract() != 0.0 => format!("{ms:.1} ms"),
        ..1000.0 => format!("{ms:.0} ms"),
        ..10_000.0 => format!("{:.2} s", ms / 1000.0),
        ..60_000.0 => format!("{:.1} s", ms / 1000.0),
        ..3_600_000.0 => format!("{:.1} min", ms / 60_000.0),
        _ => format!("{:.1} h", ms / 3_600_000.0),
    }
}

/// A width of buckets: `30 s`, `5 min`, `6 h`, `7 d`.
pub(super) fn width(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Times as they stand on an axis or in a range: no finer than need be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    with_date: bool,
    with_time: bool,
    with_seconds: bool,
}

impl Clock {
    /// For times from `from` to `to`, in buckets of so many seconds.
    pub fn of(from: Timestamp, to: Timestamp, bucket_seconds: i64) -> Self {
        let day = |time: Timestamp| time.as_second().div_euclid(86_400);
        Self {
            with_date: day(from) != day(to),
            with_time: bucket_seconds < 86_400,
            with_seconds: bucket_seconds < 60,
        }
    }

    pub fn tell(self, time: Timestamp) -> String {
        let form = match (self.with_date, self.with_time, self.with_seconds) {
            (_, false, _) => "%Y-%m-%d",
            (false, true, false) => "%H:%M",
            (false, true, true) => "%H:%M:%S",
            (true, true, false) => "%m-%d %H:%M",
            (true, true, true) => "%m-%d %H:%M:%S",
        };
        time.strftime(form).to_string()
    }
}

/// With its day, to the second.
pub(super) fn moment(time: Option<Timestamp>) -> String {
    time.map_or_else(String::new, |time| time.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// On one line: what could move the cursor or begin a line is escaped, and line breaks are shown as such.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len());
    for char in text.trim_end().chars() {
        match char {
            '\n' => line.push('⏎'),
            '\t' | '\r' => line.push(' '),
            control if control.is_control() => line.extend(control.escape_default()),
            char => line.push(char),
        }
    }
    Cow::Owned(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(grouped),
            ["0", "999", "1\u{a0}000", "1\u{a0}234\u{a0}567"]
        );
        assert_eq!(plural(1, "line", "lines"), "1 line");
        assert_eq!(plural(2000, "line", "lines"), "2\u{a0}000 lines");
        for (part, whole, text) in [
            (0, 0, "0 %"),
            (0, 10, "0 %"),
            (1, 100_000, "<0.1 %"),
            (1, 30, "3.3 %"),
            (999, 1000, "99 %"),
            (5, 5, "100 %"),
        ] {
            assert_eq!(percent(part, whole), text);
        }
        for (ms, text) in [
            (0.0, "0 ms"),
            (0.5, "0.5 ms"),
            (412.0, "412 ms"),
            (1250.0, "1.25 s"),
            (12_500.0, "12.5 s"),
            (180_000.0, "3.0 min"),
            (7_200_000.0, "2.0 h"),
        ] {
            assert_eq!(millis(ms), text);
        }
        assert_eq!(
            [1, 30, 300, 21_600, 7 * 86_400].map(width),
            ["1 s", "30 s", "5 min", "6 h", "7 d"]
        );
    }

    #[test]
    fn times() {
        let time = |text: &str| -> Timestamp { text.parse().unwrap() };
        let (start, noon) = (time("2025-06-06T00:00:00Z"), time("2025-06-06T12:00:05Z"));
        let tomorrow = time("2025-06-07T00:00:00Z");
        assert_eq!(Clock::of(start, noon, 300).tell(noon), "12:00");
        assert_eq!(Clock::of(start, noon, 30).tell(noon), "12:00:05");
        assert_eq!(Clock::of(start, tomorrow, 300).tell(noon), "06-06 12:00");
        assert_eq!(Clock::of(start, tomorrow, 86_400).tell(noon), "2025-06-06");
        assert_eq!(moment(Some(noon)), "2025-06-06 12:00:05");
        assert_eq!(moment(None), "");
    }

    #[test]
    fn hostile_text_stays_on_its_line() {
        for (text, shown) in [
            ("plain é", "plain é"),
            ("a\n\tat b\r\n", "a⏎ at b"),
            ("\u{1b}[2J\u{7}", "\\u{1b}[2J\\u{7}"),
        ] {
            assert_eq!(one_line(text), shown);
        }
    }
}
