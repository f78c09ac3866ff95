//! The lane as a member of its group: which partitions it has, and what it knows of their blobs.

use std::{
    collections::HashMap,
    sync::mpsc::{Receiver, TryRecvError},
    time::{Duration, Instant},
};

use super::{IDLE_WAIT, Lane};
use crate::{
    domain::BlobHash,
    kafka::{self, News},
    pipeline::{
        metrics::Rebalance,
        worker::{
            cursor::Cursor,
            known::Known,
            restore::{self, Restored},
        },
    },
};

/// News that are taken between two looks at what was read.
const NEWS_AT_ONCE: usize = 500;
/// The failed blobs of a restored state are tried again one after another.
const RETRY_SPREAD: Duration = Duration::from_millis(20);

/// One partition of `Ingestion.Blobs` that this lane has.
pub(super) struct Share {
    /// Of the restoring that this waits for, or that it came from.
    epoch: u64,
    restored: bool,
    pub known: HashMap<BlobHash, Known>,
    pub cursor: Cursor,
    /// The events that were there at first are read. Those that come later are work at once, or nothing.
    pub at_end: bool,
}

impl Share {
    fn new() -> Self {
        Self {
            epoch: 0,
            restored: false,
            known: HashMap::new(),
            cursor: Cursor::default(),
            at_end: false,
        }
    }

    /// Whether its states are known and its events are read.
    pub fn is_ready(&self) -> bool {
        self.restored
    }

    pub fn unset(&mut self) {
        *self = Self::new();
    }
}

/// States that are being read.
pub(super) struct Restoring {
    epoch: u64,
    partitions: Vec<i32>,
    begun: Instant,
    result: Receiver<Result<Restored, kafka::Error>>,
}

impl Lane {
    /// Takes what the group has to tell.
    pub(super) fn hear(&mut self) -> Result<(), kafka::Error> {
        self.bound_waiting()?;
        let mut patience = match self.turns.is_empty() && self.uncommitted.is_empty() {
            true => IDLE_WAIT,
            false => Duration::ZERO,
        };
        for _ in 0..NEWS_AT_ONCE {
            let Some(news) = self.member.poll(patience)? else {
                return Ok(());
            };
            patience = Duration::ZERO;
            match news {
                News::Record(record) => self.take_event(record),
                News::End(partition) => {
                    if let Some(share) = self.shares.get_mut(&partition).filter(|share| share.is_ready()) {
                        share.at_end = true;
                    }
                }
                News::Assigned(partitions) => self.assigned(&partitions)?,
                News::Revoked(partitions) => self.revoked(&partitions)?,
                News::Lost(partitions) => self.lost(&partitions)?,
            }
        }
        Ok(())
    }

    /// Reads no more events while very many wait.
    fn bound_waiting(&mut self) -> Result<(), kafka::Error> {
        let most = self.settings.max_waiting_blobs;
        if self.backlog.len() >= most {
            for work in self.backlog.take_resting() {
                self.put_off(work);
            }
        }
        let ready: Vec<i32> = self.ready().collect();
        let waiting = self.backlog.len();
        if !self.is_paused && waiting >= most {
            tracing::info!(
                lane = self.number,
                waiting,
                "events are not read until half of the blobs are done"
            );
            self.is_paused = true;
            self.member.pause(&ready)
        } else if self.is_paused && waiting <= most / 2 {
            tracing::info!(lane = self.number, waiting, "events are read again");
            self.is_paused = false;
            self.member.resume(&ready)
        } else {
            Ok(())
        }
    }

    pub(super) fn ready(&self) -> impl Iterator<Item = i32> {
        let ready = self.shares.iter().filter(|(_, share)| share.is_ready());
        ready.map(|(partition, _)| *partition)
    }

    fn assigned(&mut self, partitions: &[i32]) -> Result<(), kafka::Error> {
        tracing::info!(lane = self.number, ?partitions, "assigned");
        self.watch.sign.joined();
        self.watch.sign.rebalanced(Rebalance::Assigned, partitions.len());
        self.member.take(partitions)?;
        for partition in partitions {
            self.shares.insert(*partition, Share::new());
        }
        if self.producer.inner.is_some() {
            self.restore(partitions.to_vec());
        }
        Ok(())
    }

    /// The group waits: what is whole is committed before the partitions go.
    fn revoked(&mut self, partitions: &[i32]) -> Result<(), kafka::Error> {
        tracing::info!(lane = self.number, ?partitions, "given back");
        self.watch.sign.rebalanced(Rebalance::Revoked, partitions.len());
        let reached = self.reach_end();
        let settled = reached.and_then(|()| match (&self.producer.inner, self.may_cut()) {
            (None, _) => Ok(()),
            (_, true) => self.commit(),
            (_, false) => Err(kafka::Error::Aborted {
                reason: "partitions went to another member in the middle of a line".to_owned(),
            }),
        });
        if settled.is_err() {
            self.producer.abort_if_possible();
        }
        self.drop_shares(partitions);
        self.member.release(partitions)?;
        settled
    }

    /// Others may be at work on them already.
    fn lost(&mut self, partitions: &[i32]) -> Result<(), kafka::Error> {
        self.watch.sign.rebalanced(Rebalance::Lost, partitions.len());
        let aborted = self.producer.abort();
        self.drop_shares(partitions);
        self.member.release(partitions)?;
        aborted?;
        Err(kafka::Error::Aborted {
            reason: format!(
                "the group gave the partitions {partitions:?} to others, this member was silent for too long"
            ),
        })
    }

    fn drop_shares(&mut self, partitions: &[i32]) {
        for partition in partitions {
            self.shares.remove(partition);
        }
        self.backlog.forget(|partition| partitions.contains(&partition));
        self.stop_turns_of(partitions);
        self.restore_apart_from(partitions);
    }

    /// What was to be restored together with partitions that went must not wait for their transactions.
    fn restore_apart_from(&mut self, gone: &[i32]) {
        let together = |restoring: &mut Restoring| restoring.partitions.iter().any(|one| gone.contains(one));
        let mut stays = Vec::new();
        for Restoring { epoch, partitions, .. } in self.restoring.extract_if(.., together) {
            let waits = |one: &i32| self.shares.get(one).is_some_and(|share| share.epoch == epoch);
            stays.extend(partitions.into_iter().filter(waits));
        }
        if !stays.is_empty() {
            self.restore(stays);
        }
    }

    pub(super) fn restore_all(&mut self) -> Result<(), kafka::Error> {
        let all: Vec<i32> = self.shares.keys().copied().collect();
        self.member.pause(&all)?;
        self.restore(all);
        Ok(())
    }

    /// Begins to read the states of newly assigned partitions.
    fn restore(&mut self, partitions: Vec<i32>) {
        self.restored_at = Instant::now();
        if partitions.is_empty() {
            return;
        }
        self.epochs += 1;
        for partition in &partitions {
            if let Some(share) = self.shares.get_mut(partition) {
                share.unset();
                share.epoch = self.epochs;
            }
        }
        self.restoring.push(Restoring {
            epoch: self.epochs,
            begun: Instant::now(),
            result: restore::start(&self.connection, &self.settings, &partitions, self.today(), &self.all),
            partitions,
        });
    }

    /// Starts with the partitions whose states were read.
    pub(super) fn take_restored(&mut self) -> Result<(), kafka::Error> {
        let mut index = 0;
        while index < self.restoring.len() {
            match self.restoring[index].result.try_recv() {
                Err(TryRecvError::Empty) => index += 1,
                Err(TryRecvError::Disconnected) => return Err(kafka::Error::Cancelled),
                Ok(result) => {
                    let restoring = self.restoring.swap_remove(index);
                    self.begin(&restoring, result?)?;
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, restoring: &Restoring, mut restored: Restored) -> Result<(), kafka::Error> {
        let mut begun = Vec::new();
        for partition in &restoring.partitions {
            let share = self.shares.get_mut(partition);
            // Of a partition that went, or went and came back, this says nothing any more.
            let Some(share) = share.filter(|share| share.epoch == restoring.epoch) else {
                restored.known.remove(partition);
                continue;
            };
            share.known = restored.known.remove(partition).unwrap_or_default();
            share.restored = true;
            begun.push(*partition);
        }
        let offsets = self.member.committed(&begun)?;
        for (partition, offset) in &offsets {
            if let Some(share) = self.shares.get_mut(partition) {
                share.cursor = Cursor::at(*offset);
            }
        }
        self.member.start(&offsets)?;
        if self.is_paused {
            // They wait as the others do: until then nothing would make those go on.
            self.member.pause(&begun)?;
        }
        let blobs: usize = begun.iter().map(|partition| self.shares[partition].known.len()).sum();
        tracing::info!(lane = self.number, partitions = ?begun, blobs, took = ?restoring.begun.elapsed(), "states are restored");
        for (nth, state) in restored.failed.into_values().enumerate() {
            let at = Instant::now() + RETRY_SPREAD * nth as u32;
            self.take_up(&state, at);
        }
        for state in restored.expired.into_values() {
            self.expire(&state);
        }
        Ok(())
    }
}
