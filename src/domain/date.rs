//! A day of logs, as it stands in blob names and on the command line.

use std::{fmt, str::FromStr};

use jiff::{ToSpan, civil};

/// A calendar day. Its text form is the one of blob names, `YYYYMMDD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a date: use YYYYMMDD, YYYY-MM-DD, `today` or `yesterday`{guess}", guess = guess(.0))]
pub struct InvalidDate(String);

const TODAY: &str = "today";
const YESTERDAY: &str = "yesterday";
/// Letters that may be wrong, too many or too few.
const MISTAKES: usize = 2;

/// What was probably meant, as the end of a message.
pub(super) fn guess(text: &str) -> String {
    let meant = [TODAY, YESTERDAY]
        .into_iter()
        .find(|word| strsim::damerau_levenshtein(text, word) <= MISTAKES);
    meant
        .map(|word| format!(" (did you mean `{word}`?)"))
        .unwrap_or_default()
}

impl Date {
    /// Parses `YYYYMMDD` and nothing else: the form of blob names.
    pub fn from_compact(text: &str) -> Option<Self> {
        if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let year = text[..4].parse().ok()?;
        let month = text[4..6].parse().ok()?;
        let day = text[6..].parse().ok()?;
        civil::Date::new(year, month, day).ok().map(Self)
    }

    /// The day that `now` is in. Blob names are dated in UTC unless the configuration names another zone.
    pub fn of(now: &jiff::ZonedDateTime) -> Self {
        Self(now.date())
    }

    /// The day of `now` in UTC.
    pub fn today_utc() -> Self {
        Self::of(&jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC))
    }

    /// The day `days` before this one; stops at the calendar's first day.
    pub fn days_before(self, days: u32) -> Self {
        Self(self.0.saturating_sub(i64::from(days).days()))
    }

    /// The days from this one back to `first`, the newest first; this one alone if `first` is later. `None` if they are
    /// more than `most`.
    pub fn back_to(self, first: Self, most: usize) -> Option<Vec<Self>> {
        let mut days = vec![self];
        while let Some(last) = days.last().copied().filter(|last| *last > first) {
            days.push(last.days_before(1));
            if days.len() > most {
                return None;
            }
        }
        Some(days)
    }

    pub fn civil(self) -> civil::Date {
        self.0
    }
}

impl FromStr for Date {
    type Err = InvalidDate;

    /// Accepts what the command line does: `YYYYMMDD`, `YYYY-MM-DD`, `today`, `yesterday` (UTC).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidDate(text.to_owned());
        match text {
            TODAY => Ok(Self::today_utc()),
            YESTERDAY => Ok(Self::today_utc().days_before(1)),
            _ if text.len() == 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-' => {
                Self::from_compact(&text.replace('-', "")).ok_or_else(invalid)
            }
            _ => Self::from_compact(text).ok_or_else(invalid),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}{:02}{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl serde::Serialize for Date {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Date {
    /// Reads a text or a plain YAML number such as `20250606`.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Date;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date: YYYY-MM-DD or YYYYMMDD")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Date, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Date, E> {
                self.visit_str(&number.to_string())
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_give_the_same_day() {
        let compact: Date = "20250606".parse().unwrap();
        let dashed: Date = "2025-06-06".parse().unwrap();
        assert_eq!(compact, dashed);
        assert_eq!(compact.to_string(), "20250606");
    }

    #[test]
    fn days_are_counted_back_over_the_end_of_a_month() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let days = |last: &str, first: &str, most| {
            let days = day(last).back_to(day(first), most)?;
            Some(days.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(
            days("20250301", "20250227", 3).as_deref(),
            Some("20250301 20250228 20250227")
        );
        assert_eq!(days("20250301", "20250227", 2), None);
        assert_eq!(days("20250301", "20250301", 1).as_deref(), Some("20250301"));
        assert_eq!(days("20250301", "20250302", 1).as_deref(), Some("20250301"));
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in [
            "",
            "2025",
            "20250230",
            "2025060a",
            "2025/06/06",
            "+2025-6-6",
            "٢٠٢٥٠٦٠٦",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }

    #[test]
    fn words_for_days_are_guessed() {
        for (text, meant) in [
            ("yesterdy", Some("yesterday")),
            ("Today", Some("today")),
            ("tody", Some("today")),
            ("tomorrow", None),
            ("20250230", None),
        ] {
            let told = text.parse::<Date>().unwrap_err().to_string();
            let guess = meant.map(|word| format!("(did you mean `{word}`?)"));
            assert_eq!(
                told.split_once(" (").map(|(_, guess)| format!("({guess}")),
                guess,
                "{told}"
            );
        }
    }

    #[test]
    fn days_before_crosses_months() {
        let first: Date = "20250301".parse().unwrap();
        assert_eq!(first.days_before(1).to_string(), "20250228");
    }
}
