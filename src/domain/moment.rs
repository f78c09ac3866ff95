//! A point in time, as it is given on the command line.

use std::str::FromStr;

use jiff::{Span, SpanRelativeTo, Timestamp, tz::TimeZone};

use super::{Date, date};

/// An instant. A day means its beginning in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Timestamp);

#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no time: use 15m, 2h, 1d (ago), 2025-06-06T12:00:00Z, or a day{guess}", guess = date::guess(.0))]
pub struct InvalidMoment(String);

impl Moment {
    fn parse(text: &str, now: Timestamp) -> Option<Self> {
        if let Ok(timestamp) = text.parse() {
            return Some(Self(timestamp));
        }
        if let Ok(date) = text.parse::<Date>() {
            let midnight = date.civil().to_zoned_datetime(TimeZone::UTC).ok()?;
            return Some(Self(midnight.timestamp()));
        }
        let ago: Span = text.parse().ok()?;
        let ago = ago.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
        let is_past = !ago.is_negative();
        is_past.then(|| now.checked_sub(ago).ok()).flatten().map(Self)
    }
}

/// Nanoseconds since 1970; 0 for times so far away that 64 bits do not hold them.
pub fn nanos(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond()).unwrap_or_default()
}

impl FromStr for Moment {
    type Err = InvalidMoment;

    /// RFC 3339, a day as everywhere on the command line, or how long ago: `90s`, `15m`, `2h`, `1d`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, Timestamp::now()).ok_or_else(|| InvalidMoment(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_command_line() {
        let now: Timestamp = "2025-06-06T12:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("15m", Some("2025-06-06T11:45:00Z")),
            ("90s", Some("2025-06-06T11:58:30Z")),
            ("2h", Some("2025-06-06T10:00:00Z")),
            ("1h30m", Some("2025-06-06T10:30:00Z")),
            ("1d", Some("2025-06-05T12:00:00Z")),
            ("1w", Some("2025-05-30T12:00:00Z")),
            ("2025-06-01T00:00:00.5Z", Some("2025-06-01T00:00:00.5Z")),
            ("2025-06-01T02:00:00+02:00", Some("2025-06-01T00:00:00Z")),
            ("2025-06-01", Some("2025-06-01T00:00:00Z")),
            ("20250601", Some("2025-06-01T00:00:00Z")),
            ("", None),
            ("-15m", None),
            ("15", None),
            ("soon", None),
            ("1mo", None),
        ] {
            let found = Moment::parse(text, now).map(|moment| moment.0);
            let expected = expected.map(|time| time.parse::<Timestamp>().unwrap());
            assert_eq!(found, expected, "{text}");
        }
    }
}
