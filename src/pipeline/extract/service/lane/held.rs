//! Unfinished lines: when they are given up, and how much memory they may take.

use std::{collections::BTreeMap, time::Instant};

use super::{ExtractError, Lane};
use crate::{
    kafka::{self, Offsets},
    pipeline::extract::service::joiner::MOST_HELD_BYTES,
};

/// A look for the rest of lines: it is missing if reading comes to the end without it.
#[derive(Clone, Copy)]
pub(super) struct Look {
    at: Instant,
    /// The partition's end, as it was then.
    end: i64,
}

impl Lane {
    /// Gives up lines whose rest does not come. Time alone does not tell: a process that slept, or waited for brokers,
    /// still has the rest before it. So the partition is read to its end first, as it is once a line is late.
    pub(super) fn give_up_lines(&mut self) -> Result<(), ExtractError> {
        let now = Instant::now();
        let late = self.shares.iter().filter(|(_, share)| share.joiner.is_late(now));
        let late: Vec<i32> = late.map(|(partition, _)| *partition).collect();
        for partition in late {
            self.look_for_rest(partition, now)?;
        }
        Ok(())
    }

    fn look_for_rest(&mut self, partition: i32, now: Instant) -> Result<(), ExtractError> {
        let Some(share) = self.shares.get_mut(&partition) else {
            return Ok(());
        };
        let (Some(next), false) = (share.next, share.is_paused) else {
            return Ok(());
        };
        let Some(Look { at, end }) = share.look else {
            let Some(end) = self.member.end(partition) else {
                return Ok(());
            };
            share.look = Some(Look { at: now, end });
            // An end that was told before says nothing about now, and is not told again without this.
            share.at_end = false;
            return Ok(self.member.start(&Offsets::from([(partition, next)]))?);
        };
        if !share.at_end && next < end {
            return Ok(());
        }
        share.look = None;
        let mut ready = Vec::new();
        share.joiner.give_up(at, |joined| ready.push(joined));
        self.send_all(partition, ready)
    }

    /// Lets only one partition read on where unfinished lines take too much memory together.
    pub(super) fn bound_memory(&mut self) -> Result<(), kafka::Error> {
        let held = self
            .shares
            .iter()
            .map(|(partition, share)| (*partition, share.joiner.bytes()));
        let waiting = to_wait(&held.collect());
        let (mut pause, mut resume) = (Vec::new(), Vec::new());
        for (partition, share) in &mut self.shares {
            let waits = waiting.contains(partition);
            match (share.is_paused, waits) {
                (false, true) => pause.push(*partition),
                (true, false) => resume.push(*partition),
                _ => continue,
            }
            share.is_paused = waits;
        }
        if !pause.is_empty() {
            self.member.pause(&pause)?;
        }
        if !resume.is_empty() {
            self.member.resume(&resume)?;
        }
        Ok(())
    }
}

/// Which of the partitions, by the bytes that each holds, read on only once others hold less. The one that holds most
/// comes to the end of its line soonest.
fn to_wait(held: &BTreeMap<i32, usize>) -> Vec<i32> {
    let most = held.iter().max_by_key(|(_, bytes)| **bytes);
    match most {
        Some((most, _)) if held.values().sum::<usize>() > MOST_HELD_BYTES => {
            let waits = |(partition, bytes): &(&i32, &usize)| *partition != most && **bytes > 0;
            held.iter().filter(waits).map(|(partition, _)| *partition).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partition_that_holds_most_reads_on() {
        const HALF: usize = MOST_HELD_BYTES / 2;
        for (held, waiting) in [
            (&[][..], &[][..]),
            (&[0, 0, 0], &[]),
            (&[HALF, 0, HALF], &[]),
            (&[HALF, 1, HALF], &[0, 1]),
            (&[HALF, 0, HALF + 1], &[0]),
            (&[HALF + 1, 0, HALF], &[2]),
            (&[MOST_HELD_BYTES + 1, 0, 0], &[]),
        ] {
            assert_eq!(to_wait(&(0..).zip(held.iter().copied()).collect()), waiting, "{held:?}");
        }
    }
}
