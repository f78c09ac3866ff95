//! What is to happen to which request, decided frame by frame, without any network in it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::head::{Api, Head};
use crate::support::mixed::Dice;

/// Requests of one API, perhaps only those that bring records to a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    api: Api,
    topic: Option<String>,
}

impl Kind {
    /// A Produce with records for this topic in it.
    pub fn produce_to(topic: &str) -> Kind {
        Kind {
            api: Api::Produce,
            topic: Some(topic.to_owned()),
        }
    }

    fn fits(&self, head: &Head) -> bool {
        let goes_to = |topic: &String| head.partitions.iter().any(|(name, _)| name == topic);
        head.api == Some(self.api) && self.topic.as_ref().is_none_or(goes_to)
    }
}

impl From<Api> for Kind {
    fn from(api: Api) -> Kind {
        Kind { api, topic: None }
    }
}

/// Something that a late frame waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Right before the n-th request of the kind goes on to the broker.
    Before(Kind, u64),
    /// The broker's answer to the n-th request of the kind is there, and not yet with the client.
    After(Kind, u64),
}

impl Step {
    fn count(&self) -> u64 {
        let (Step::Before(_, n) | Step::After(_, n)) = self;
        *n
    }
}

pub fn before(kind: impl Into<Kind>, n: u64) -> Step {
    Step::Before(kind.into(), n)
}

pub fn after(kind: impl Into<Kind>, n: u64) -> Step {
    Step::After(kind.into(), n)
}

/// What is done to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// It is kept back and delivered late. The client's connection ends, or stays open and silent.
    Hold { until: Vec<Step>, ends_connection: bool },
    /// It goes on, and once more, late.
    Copy { until: Vec<Step> },
    /// It goes on; its answer does not come back, the connection ends.
    LoseAnswer,
    /// It is lost, and the connection ends.
    End,
}

/// What is done to which requests, counted from the moment that the rule is set.
#[derive(Clone, Debug)]
pub struct Rule {
    kind: Kind,
    /// `None` is each of them.
    nth: Option<u64>,
    act: Option<Act>,
    delay: Duration,
}

impl Rule {
    /// For the n-th request of a kind, from 1. Does nothing yet.
    pub fn nth(kind: impl Into<Kind>, n: u64) -> Rule {
        Rule {
            kind: kind.into(),
            nth: Some(n),
            act: None,
            delay: Duration::ZERO,
        }
    }

    /// For each request of a kind.
    pub fn each(kind: impl Into<Kind>) -> Rule {
        Rule {
            nth: None,
            ..Rule::nth(kind, 0)
        }
    }

    /// The request is kept back until these steps have happened, one after the other, and the client's connection ends: the
    /// client asks again on another one.
    pub fn hold(self, until: impl IntoIterator<Item = Step>) -> Rule {
        self.doing(Act::Hold {
            until: until.into_iter().collect(),
            ends_connection: true,
        })
    }

    /// As [`Rule::hold`], but the connection stays open and silent until the client gives it up.
    pub fn hold_silently(self, until: impl IntoIterator<Item = Step>) -> Rule {
        self.doing(Act::Hold {
            until: until.into_iter().collect(),
            ends_connection: false,
        })
    }

    /// The request goes on, and a copy of it when these steps have happened.
    pub fn copy(self, until: impl IntoIterator<Item = Step>) -> Rule {
        self.doing(Act::Copy {
            until: until.into_iter().collect(),
        })
    }

    /// The broker does what it is asked, and the client is not told: its connection ends.
    pub fn lose_answer(self) -> Rule {
        self.doing(Act::LoseAnswer)
    }

    /// The request is lost with its connection.
    pub fn end_connection(self) -> Rule {
        self.doing(Act::End)
    }

    /// The request, and what comes behind it on its connection, waits for so long.
    pub fn delay(self, by: Duration) -> Rule {
        Rule { delay: by, ..self }
    }

    fn doing(self, act: Act) -> Rule {
        Rule { act: Some(act), ..self }
    }
}

/// Faults at random. Each request's fate follows from the seed, its API and its number alone.
#[derive(Clone, Copy, Debug)]
pub struct Chaos {
    pub seed: u64,
    /// Of a thousand requests.
    pub per_mille: u64,
}

impl Chaos {
    fn act(self, api: Api, number: u64) -> Option<Act> {
        let mut dice = Dice(self.seed ^ ((api as u64) << 32) ^ (number << 40));
        // The first numbers of near seeds are near each other.
        (0..4).for_each(|_| _ = dice.roll(2));
        if dice.roll(1000) >= self.per_mille {
            return None;
        }
        let act = match dice.roll(5) {
            0 | 1 => Act::Hold {
                until: late(&mut dice),
                ends_connection: true,
            },
            2 => Act::Copy { until: late(&mut dice) },
            3 => Act::LoseAnswer,
            _ => Act::End,
        };
        Some(act)
    }
}

/// A moment in this transaction, the next one, or the one behind that.
fn late(dice: &mut Dice) -> Vec<Step> {
    let mut steps = Vec::new();
    if let more @ 1.. = dice.roll(3) {
        steps.push(after(Api::EndTxn, more));
    }
    steps.push(match dice.roll(4) {
        0 => before(Api::EndTxn, 1),
        1 => before(Api::Produce, 1),
        _ => after(Api::Produce, 1 + dice.roll(6)),
    });
    steps
}

/// What a request waits for that is delivered late.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    until: Vec<Step>,
    /// Requests of the first step's kind so far.
    seen: u64,
    /// Only what goes to the broker behind the request with this number counts.
    since: u64,
    /// Transactions that were ended meanwhile.
    ends: u64,
}

impl Waiting {
    pub(super) fn new(until: Vec<Step>, since: u64) -> Waiting {
        Waiting {
            until,
            seen: 0,
            since,
            ends: 0,
        }
    }

    pub(super) fn ends(&self) -> u64 {
        self.ends
    }

    /// Notes the request of this number, of `last` so far, which goes on or is answered. Whether the last step has
    /// happened by that.
    pub(super) fn note(&mut self, head: &Head, number: u64, last: u64, is_answered: bool) -> bool {
        if number <= self.since {
            return false;
        }
        let is_awaited = match self.until.first() {
            Some(Step::Before(kind, _)) => !is_answered && kind.fits(head),
            Some(Step::After(kind, _)) => is_answered && kind.fits(head),
            None => false,
        };
        self.seen += u64::from(is_awaited);
        let is_done = is_awaited && self.until.first().is_some_and(|step| self.seen >= step.count());
        if is_done {
            self.until.remove(0);
            (self.seen, self.since) = (0, last);
        }
        let is_due = is_done && self.until.is_empty();
        if !is_answered && !is_due && head.api == Some(Api::EndTxn) {
            self.ends += 1;
        }
        is_due
    }
}

/// What happens to one request.
#[derive(Debug, Default)]
pub(super) struct Ruling {
    pub act: Option<Act>,
    pub delay: Duration,
}

/// The rules with their counts.
#[derive(Debug, Default)]
pub(super) struct Plan {
    rules: Vec<(Rule, u64)>,
    chaos: Option<Chaos>,
    requests: BTreeMap<Api, u64>,
}

impl Plan {
    pub(super) fn set(&mut self, rules: impl IntoIterator<Item = Rule>) {
        self.rules = rules.into_iter().map(|rule| (rule, 0)).collect();
    }

    pub(super) fn at_random(&mut self, chaos: Option<Chaos>) {
        self.chaos = chaos;
    }

    pub(super) fn requests(&self, api: Api) -> u64 {
        self.requests.get(&api).copied().unwrap_or_default()
    }

    pub(super) fn rule(&mut self, head: &Head) -> Ruling {
        let mut ruling = Ruling::default();
        let Some(api) = head.api else { return ruling };
        let number = self.requests.entry(api).or_default();
        *number += 1;
        for (rule, seen) in &mut self.rules {
            if !rule.kind.fits(head) {
                continue;
            }
            *seen += 1;
            if rule.nth.is_none_or(|n| n == *seen) {
                ruling.delay += rule.delay;
                ruling.act = ruling.act.or(rule.act.clone());
            }
        }
        if let Some(chaos) = self.chaos {
            ruling.act = ruling.act.or_else(|| chaos.act(api, *number));
        }
        ruling
    }
}

/// A request that was delivered late.
#[derive(Clone, PartialEq, Eq)]
pub struct Late {
    pub api: Api,
    pub version: i16,
    /// Ends of transactions that reached the broker meanwhile.
    pub ends_meanwhile: u64,
    /// Whether the broker answered.
    pub answered: bool,
    /// Of an EndTxn's or InitProducerId's answer.
    pub error: Option<i16>,
}

impl fmt::Debug for Late {
    /// Short, as there may be many.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} v{} {} ends later", self.api, self.version, self.ends_meanwhile)?;
        match (self.answered, self.error) {
            (false, _) => write!(f, ", not answered"),
            (true, None) => Ok(()),
            (true, Some(error)) => write!(f, ", error {error}"),
        }
    }
}

/// What was done so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Did {
    pub held: u64,
    pub copied: u64,
    pub answers_lost: u64,
    pub ended: u64,
    pub delayed: u64,
    /// Requests that went on because their shape is unknown.
    pub unreadable: u64,
    pub late: Vec<Late>,
}

impl Did {
    /// All faults but delays.
    pub fn faults(&self) -> u64 {
        self.held + self.copied + self.answers_lost + self.ended
    }

    /// Held requests and copies that did not reach the broker yet.
    pub fn not_delivered(&self) -> u64 {
        self.held + self.copied - self.late.len() as u64
    }
}
