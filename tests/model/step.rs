//! What happens between two states, told so that a path reads like a story.

use std::fmt::{self, Display, Formatter};

use crate::{
    ACTORS,
    broker::{LINES, OFFSETS, Request, states},
    rules::{Role, Scenario},
};

/// What becomes of a request that an actor sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Answered,
    /// Its sender gives it up for lost, and it will arrive late.
    Held,
    /// It will arrive late, and its sender goes on meanwhile.
    OnItsWay,
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Starts(usize),
    /// It starts, and a copy of its InitProducerId will arrive late.
    StartsTwice(usize),
    Stops(usize),
    Dies(usize),
    GivesUp(usize),
    /// The group takes a member's partitions, and the member does not know.
    Expelled(usize),
    Assigned(usize, usize),
    GivesBack(usize, usize),
    Rejoins(usize),
    HearsOfLoss(usize),
    LooksUpEnd(usize, usize),
    Restores(usize, usize, u8),
    FetchesOffset(usize, usize, u8),
    OpensProducer(usize),
    /// A run, behind so many lines.
    GoesOn(usize, u8),
    FindsForeignState(usize),
    IsDone(usize),
    Sends(usize, Request, Fate),
    /// A state outside of the transaction.
    WritesState(usize, usize, u8),
    LearnsOfAbort(usize),
    Arrives(Request),
    TimesOut(usize),
}

const LETTERS: [char; ACTORS] = ['A', 'B', 'C'];

/// A step as text.
pub struct Told<'a>(pub &'a Scenario, pub Step);

impl Display for Told<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = |actor: usize| match self.0.roles[actor] {
            Some(Role::Run { .. }) => format!("run {}", LETTERS[actor]),
            _ => format!("worker {}", LETTERS[actor]),
        };
        match self.1 {
            Step::Starts(actor) => write!(f, "{} starts", name(actor)),
            Step::StartsTwice(actor) => write!(f, "{} starts, a copy of its InitProducerId is late", name(actor)),
            Step::Stops(actor) => write!(f, "{} stops in good order", name(actor)),
            Step::Dies(actor) => write!(f, "{} dies", name(actor)),
            Step::GivesUp(actor) => write!(f, "{} gives up its transaction and begins anew", name(actor)),
            Step::Expelled(actor) => write!(f, "the group expels {}, which does not know", name(actor)),
            Step::Assigned(actor, blob) => write!(f, "{} is assigned partition {blob}", name(actor)),
            Step::GivesBack(actor, blob) => write!(f, "{} gives partition {blob} back", name(actor)),
            Step::Rejoins(actor) => write!(f, "{} takes the new generation", name(actor)),
            Step::HearsOfLoss(actor) => write!(f, "{} hears that it lost its partitions", name(actor)),
            Step::LooksUpEnd(actor, blob) => write!(f, "{} looks up the end of the states of blob {blob}", name(actor)),
            Step::Restores(actor, blob, lines) => write!(f, "{} reads that blob {blob} has {lines} lines", name(actor)),
            Step::FetchesOffset(actor, blob, offset) => {
                write!(f, "{} fetches offset {offset} of partition {blob}", name(actor))
            }
            Step::OpensProducer(actor) => write!(f, "{} opens a producer", name(actor)),
            Step::GoesOn(actor, lines) => write!(f, "{} goes on behind {lines} lines", name(actor)),
            Step::FindsForeignState(actor) => write!(f, "{} finds another's state and ends", name(actor)),
            Step::IsDone(actor) => write!(f, "{} is done", name(actor)),
            Step::Sends(actor, request, fate) => {
                write!(f, "{} sends {}", name(actor), What(&request))?;
                f.write_str(match fate {
                    Fate::Answered => "",
                    Fate::Held => ", which is held up and not answered",
                    Fate::OnItsWay => ", and does not wait for the answer",
                    Fate::Refused => ", is refused and begins anew",
                })
            }
            Step::WritesState(actor, blob, lines) => {
                write!(
                    f,
                    "{} writes outside of the transaction that blob {blob} has {lines} lines",
                    name(actor)
                )
            }
            Step::LearnsOfAbort(actor) => write!(f, "{} learns that its transaction was ended", name(actor)),
            Step::Arrives(request) => write!(f, "late, there arrives {}", What(&request)),
            Step::TimesOut(id) => write!(f, "the broker ends the transaction of id {id} for its age"),
        }
    }
}

struct What<'a>(&'a Request);

impl Display for What<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self.0 {
            Request::Produce {
                part: LINES,
                blob,
                value,
                epoch,
                ..
            } => write!(f, "line {value} of blob {blob} (epoch {epoch})"),
            Request::Produce {
                part,
                blob,
                value,
                epoch,
                ..
            } => {
                debug_assert!(part == states(blob) && part != OFFSETS);
                write!(f, "the state that blob {blob} has {value} lines (epoch {epoch})")
            }
            Request::Offsets { offsets, epoch, .. } => {
                let named = offsets
                    .iter()
                    .enumerate()
                    .filter_map(|(partition, offset)| Some((partition, (*offset)?)));
                let named: Vec<_> = named
                    .map(|(partition, offset)| format!("{partition}:{offset}"))
                    .collect();
                write!(f, "the offsets {} (epoch {epoch})", named.join(", "))
            }
            Request::End {
                commit: true, epoch, ..
            } => write!(f, "EndTxn, commit (epoch {epoch})"),
            Request::End {
                commit: false, epoch, ..
            } => write!(f, "EndTxn, abort (epoch {epoch})"),
            Request::Init { epoch: None, .. } => write!(f, "InitProducerId"),
            Request::Init { epoch: Some(epoch), .. } => write!(f, "InitProducerId with epoch {epoch}"),
        }
    }
}
