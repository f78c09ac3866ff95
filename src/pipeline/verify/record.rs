//! Records of a raw topic: which line, or which part of a line, they say they are.

use std::collections::HashMap;

use twox_hash::XxHash3_128;

use super::Found;
use crate::{
    domain::{LinePosition, key::RecordKey},
    pipeline::lines::Part,
};

/// What a record says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    pub position: LinePosition,
    /// The line's number in the blob, from the key.
    pub number: u64,
    pub part: Option<Part>,
}

/// The number in the key of a line, `line-{n}`. `None`: the key is that of something else.
pub fn line_number(key: &RecordKey<'_>) -> Option<u64> {
    key.kind.strip_prefix("line-")?.parse().ok()
}

/// Reads a record's headers, which must agree with its key.
///
/// # Errors
/// Why it can not be a line of the blob that its key names.
pub fn placed<'r>(
    key: &RecordKey<'_>,
    number: u64,
    header: impl Fn(&str) -> Option<&'r [u8]>,
) -> Result<Placed, &'static str> {
    let text = |name| header(name).and_then(|value| std::str::from_utf8(value).ok());
    if text("subscription") != Some(key.subscription) || text("environment") != Some(key.environment) {
        return Err("its headers name another environment than its key");
    }
    let parsed = |name| text(name).and_then(|value| value.parse().ok());
    let (Some(member), Some(index)) = (parsed("blob-offset"), parsed("blob-line")) else {
        return Err("it has no position");
    };
    let part = match header("part") {
        None => None,
        Some(_) => Some(
            text("part")
                .and_then(Part::parse)
                .ok_or("its header `part` is not i/n")?,
        ),
    };
    Ok(Placed {
        position: LinePosition { member, index },
        number,
        part,
    })
}

/// Joins the parts of long lines. Of each blob one line may be open at a time.
#[derive(Default)]
pub struct Assembler(HashMap<u32, Open>);

struct Open {
    /// Of the record with the first part.
    offset: i64,
    placed: Placed,
    next: Part,
    hasher: XxHash3_128,
}

/// What became of a record.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken {
    /// The line that is whole with it.
    pub line: Option<Found>,
    /// It, or the parts before it, belong to no whole line.
    pub broken: bool,
}

impl Assembler {
    pub fn take(&mut self, blob: u32, offset: i64, placed: Placed, payload: &[u8]) -> Taken {
        let open = self.0.remove(&blob);
        let Some(part) = placed.part.filter(|part| part.of > 1) else {
            let line = Some(line(&placed, XxHash3_128::oneshot(payload)));
            return Taken {
                line,
                broken: open.is_some(),
            };
        };
        let continues = |open: &Open| {
            open.next == part && open.placed.position == placed.position && open.placed.number == placed.number
        };
        let (mut open, broken) = match open {
            Some(open) if continues(&open) => (open, false),
            broken if part.number == 1 => (
                Open {
                    offset,
                    placed,
                    next: part,
                    hasher: XxHash3_128::new(),
                },
                broken.is_some(),
            ),
            _ => {
                return Taken {
                    line: None,
                    broken: true,
                };
            }
        };
        open.hasher.write(payload);
        if part.number == part.of {
            let line = Some(line(&placed, open.hasher.finish_128()));
            return Taken { line, broken };
        }
        open.next.number += 1;
        self.0.insert(blob, open);
        Taken { line: None, broken }
    }

    /// Blobs whose last line is not whole, with the offset of the record in which that begins.
    pub fn into_unfinished(self) -> impl Iterator<Item = (u32, i64)> {
        self.0.into_iter().map(|(blob, open)| (blob, open.offset))
    }
}

fn line(placed: &Placed, hash: u128) -> Found {
    Found {
        position: placed.position,
        number: placed.number,
        hash,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "cp2:P1:line-7:a.gz";

    fn headers<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<&'a [u8]> {
        move |name| {
            let found = pairs.iter().find(|(header, _)| *header == name);
            found.map(|(_, value)| value.as_bytes())
        }
    }

    #[test]
    fn headers_say_the_position_and_agree_with_the_key() {
        let key = RecordKey::parse(KEY).unwrap();
        assert_eq!(line_number(&key), Some(7));
        assert_eq!(line_number(&RecordKey::parse("cp2:P1:observed:a.gz").unwrap()), None);
        let base = [("subscription", "cp2"), ("environment", "P1"), ("blob-offset", "812")];
        let with = |more: &[(&'static str, &'static str)]| {
            let all: Vec<_> = base.iter().chain(more).copied().collect();
            placed(&key, 7, headers(&all))
        };
        let position = LinePosition { member: 812, index: 3 };
        let expected = |part| {
            Ok(Placed {
                position,
                number: 7,
                part,
            })
        };
        assert_eq!(with(&[("blob-line", "3")]), expected(None));
        let second = Part { number: 2, of: 3 };
        assert_eq!(with(&[("blob-line", "3"), ("part", "2/3")]), expected(Some(second)));
        assert_eq!(with(&[]), Err("it has no position"));
        assert_eq!(with(&[("blob-line", "-1")]), Err("it has no position"));
        for part in ["", "2", "0/3", "4/3", "a/b"] {
            let answer = with(&[("blob-line", "3"), ("part", part)]);
            assert_eq!(answer, Err("its header `part` is not i/n"), "{part}");
        }
        let other = [
            ("subscription", "cp2"),
            ("environment", "S1"),
            ("blob-offset", "1"),
            ("blob-line", "1"),
        ];
        assert!(placed(&key, 7, headers(&other)).is_err());
    }

    #[test]
    fn parts_are_joined_and_must_be_whole() {
        let placed = |index, part: Option<(u64, u64)>| Placed {
            position: LinePosition { member: 0, index },
            number: index + 1,
            part: part.map(|(number, of)| Part { number, of }),
        };
        // Each record: index of its line, part, payload; then the whole line that comes of it, and whether one broke.
        type Step = (u64, Option<(u64, u64)>, &'static str, Option<&'static str>, bool);
        let cases: [(&[Step], usize); 6] = [
            (&[(0, None, "ab", Some("ab"), false)], 0),
            (
                &[
                    (0, Some((1, 3)), "a", None, false),
                    (0, Some((2, 3)), "b", None, false),
                    (0, Some((3, 3)), "c", Some("abc"), false),
                ],
                0,
            ),
            (&[(0, Some((1, 2)), "a", None, false)], 1),
            (
                &[
                    (0, Some((1, 2)), "a", None, false),
                    (1, None, "b", Some("b"), true),
                    (0, Some((2, 2)), "c", None, true),
                ],
                0,
            ),
            (
                &[
                    (0, Some((1, 2)), "a", None, false),
                    (0, Some((1, 2)), "a", None, true),
                    (0, Some((2, 2)), "b", Some("ab"), false),
                ],
                0,
            ),
            (
                &[(0, Some((1, 2)), "a", None, false), (1, Some((2, 2)), "b", None, true)],
                0,
            ),
        ];
        for (steps, unfinished) in cases {
            let mut assembler = Assembler::default();
            for (index, part, payload, whole, broken) in steps {
                let placed = placed(*index, *part);
                let expected = Taken {
                    line: whole.map(|text| line(&placed, XxHash3_128::oneshot(text.as_bytes()))),
                    broken: *broken,
                };
                // Another blob's records between them change nothing.
                assert!(!assembler.take(9, 0, placed_alone(), b"x").broken);
                assert_eq!(assembler.take(1, 0, placed, payload.as_bytes()), expected, "{steps:?}");
            }
            assert_eq!(assembler.into_unfinished().count(), unfinished, "{steps:?}");
        }
    }

    fn placed_alone() -> Placed {
        Placed {
            position: LinePosition { member: 0, index: 0 },
            number: 1,
            part: None,
        }
    }
}
