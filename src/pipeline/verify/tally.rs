//! What was found of a blob's lines, in numbers and by the first few.

use crate::domain::LinePosition;

/// Differences that are told one by one; of the others only the number is.
pub const DIFFERENCES_TOLD: usize = 10;

/// A way in which the topic is not what the blob says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The blob has the line, the topic does not.
    Missing,
    /// As [`Kind::Missing`], where retention has deleted records: it may have been there.
    Expired,
    /// The topic has the line more than once.
    Duplicated,
    /// The topic has another line at that position.
    Different,
    /// The number in the line's key does not follow the one before.
    Misnumbered,
    /// A record that is no line of the blob.
    Foreign,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Expired => "expired",
            Self::Duplicated => "duplicated",
            Self::Different => "different",
            Self::Misnumbered => "misnumbered",
            Self::Foreign => "foreign",
        }
    }
}

/// Where a difference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Place {
    /// In the blob: offset of the member, index of the line among those that begin in it.
    Line { member: u64, line: u64 },
    /// In the topic, where a record says no position that could be its own.
    Record {
        partition: i32,
        offset: i64,
        reason: &'static str,
    },
}

impl From<LinePosition> for Place {
    fn from(position: LinePosition) -> Self {
        Self::Line {
            member: position.member,
            line: position.index,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    pub kind: Kind,
    #[serde(flatten)]
    pub place: Place,
}

/// Numbers of lines, and the first differences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines that should be in the topic.
    pub expected: u64,
    /// Lines that are there, doubled ones counted as often as they are.
    pub found: u64,
    pub missing: u64,
    pub expired: u64,
    /// Lines too many: two for a line that is there three times.
    pub duplicated: u64,
    pub different: u64,
    pub misnumbered: u64,
    pub foreign: u64,
    pub differences: Vec<Difference>,
}

impl Tally {
    pub fn note(&mut self, kind: Kind, place: impl Into<Place>, count: u64) {
        *match kind {
            Kind::Missing => &mut self.missing,
            Kind::Expired => &mut self.expired,
            Kind::Duplicated => &mut self.duplicated,
            Kind::Different => &mut self.different,
            Kind::Misnumbered => &mut self.misnumbered,
            Kind::Foreign => &mut self.foreign,
        } += count;
        if self.differences.len() < DIFFERENCES_TOLD {
            let place = place.into();
            self.differences.push(Difference { kind, place });
        }
    }

    pub fn is_clean(&self) -> bool {
        self.differences.is_empty()
    }

    /// Such as `2 lines missing, 1 duplicated`; `None` if there is no difference.
    pub fn sentence(&self) -> Option<String> {
        let counts = [
            (Kind::Missing, self.missing),
            (Kind::Duplicated, self.duplicated),
            (Kind::Different, self.different),
            (Kind::Misnumbered, self.misnumbered),
            (Kind::Foreign, self.foreign),
            (Kind::Expired, self.expired),
        ];
        let there = counts.into_iter().filter(|(_, count)| *count > 0);
        let told: Vec<String> = there.map(|(kind, count)| format!("{count} {}", kind.name())).collect();
        (!told.is_empty()).then(|| format!("lines: {}", told.join(", ")))
    }
}
