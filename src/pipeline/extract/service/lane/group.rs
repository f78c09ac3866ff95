//! The lane as a member of its group.

use std::time::Duration;

use super::{ExtractError, Lane, Share};
use crate::{
    kafka::{self, News},
    pipeline::metrics::Rebalance,
};

/// News, and bytes of them, that are taken between two looks at the time and at what is held.
const NEWS_AT_ONCE: usize = 500;
const BYTES_AT_ONCE: usize = 8 << 20;

impl Lane {
    /// Takes what the group has to tell. Gives whether nothing came within `patience`.
    pub(super) fn hear(&mut self, mut patience: Duration) -> Result<bool, ExtractError> {
        let mut bytes = 0;
        for turn in 0..NEWS_AT_ONCE {
            if bytes >= BYTES_AT_ONCE {
                break;
            }
            let Some(news) = self.member.poll(patience)? else {
                return Ok(turn == 0);
            };
            patience = Duration::ZERO;
            match news {
                News::Record(record) => {
                    bytes += record.value.as_ref().map_or(0, Vec::len);
                    self.take(record)?;
                }
                News::End(partition) => {
                    if let Some(share) = self.shares.get_mut(&partition) {
                        share.at_end = share.next.is_some();
                    }
                }
                News::Assigned(partitions) => self.assigned(&partitions)?,
                News::Revoked(partitions) => self.revoked(&partitions)?,
                News::Lost(partitions) => self.lost(&partitions)?,
            }
        }
        Ok(false)
    }

    pub(super) fn assigned(&mut self, partitions: &[i32]) -> Result<(), kafka::Error> {
        tracing::info!(lane = self.number, topic = self.input().topic, ?partitions, "assigned");
        self.sign.joined();
        self.sign.rebalanced(Rebalance::Assigned, partitions.len());
        self.member.take(partitions)?;
        for partition in partitions {
            self.shares.insert(*partition, Share::default());
        }
        match self.producer.inner {
            Some(_) => self.begin(partitions),
            None => Ok(()),
        }
    }

    /// Reads on where the group stands.
    pub(super) fn begin(&mut self, partitions: &[i32]) -> Result<(), kafka::Error> {
        if partitions.is_empty() {
            return Ok(());
        }
        let offsets = self.member.committed(partitions)?;
        for (partition, offset) in &offsets {
            let gone = self.member.first(*partition).map_or(0, |first| first - *offset);
            if gone > 0 {
                let topic = &self.input().topic;
                tracing::warn!(
                    topic,
                    partition,
                    gone,
                    "raw records were deleted before they were extracted; give the topic a longer retention.ms"
                );
            }
            if let Some(share) = self.shares.get_mut(partition) {
                share.next = Some(*offset);
            }
        }
        self.member.start(&offsets)
    }

    /// The group waits: a commit comes before the partitions go.
    pub(super) fn revoked(&mut self, partitions: &[i32]) -> Result<(), kafka::Error> {
        tracing::info!(
            lane = self.number,
            topic = self.input().topic,
            ?partitions,
            "given back"
        );
        self.sign.rebalanced(Rebalance::Revoked, partitions.len());
        let settled = self.settle();
        self.drop_shares(partitions)?;
        settled
    }

    /// Others may be at work on them already.
    pub(super) fn lost(&mut self, partitions: &[i32]) -> Result<(), kafka::Error> {
        self.sign.rebalanced(Rebalance::Lost, partitions.len());
        let aborted = self.producer.abort();
        self.drop_shares(partitions)?;
        aborted?;
        Err(kafka::Error::Aborted {
            reason: format!(
                "the group gave the partitions {partitions:?} to others, this member was silent for too long"
            ),
        })
    }

    pub(super) fn drop_shares(&mut self, partitions: &[i32]) -> Result<(), kafka::Error> {
        for partition in partitions {
            self.shares.remove(partition);
        }
        self.member.release(partitions)
    }

    /// With a new producer, and from the group's offsets.
    pub(super) fn come_back(&mut self) -> Result<(), kafka::Error> {
        if !self.producer.come_back()? {
            return Ok(());
        }
        let all: Vec<i32> = self.shares.keys().copied().collect();
        self.begin(&all)
    }
}
