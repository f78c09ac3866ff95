//! Blobs that can not be read: recorded, and tried again where that may help.

use std::time::{Duration, Instant};

use super::{Lane, states::is_closed};
use crate::pipeline::worker::{
    failure::{Again, Failure},
    known::Known,
    work::Work,
};

const FIRST_RETRY: Duration = Duration::from_secs(30);
const LONGEST_RETRY: Duration = Duration::from_secs(15 * 60);

impl Lane {
    /// The blob can not be read now: its state says why, and it is tried again later. Nothing was read of it since its
    /// last state.
    pub(super) fn fail(&mut self, work: Work, failure: &Failure) {
        let known = self.known_or_new(&work);
        self.fail_at(work, known, failure);
    }

    /// As [`Self::fail`], after the blob was read up to what is `known`.
    pub(super) fn fail_at(&mut self, work: Work, known: Known, failure: &Failure) {
        let Failure { reason, kind, .. } = failure;
        tracing::warn!(environment = %work.environment, blob = &*work.blob, reason, "the blob can not be read now");
        self.watch.failed(&work.environment, *kind);
        self.record_failure(work, known, reason, failure.again);
    }

    fn record_failure(&mut self, mut work: Work, known: Known, reason: &str, again: Again) {
        let known = known.with_status(is_closed(&work, &known), true);
        let is_news = !work.offsets.is_empty() || work.told.as_deref() != Some(reason);
        if is_news || self.known(&work) != Some(known) {
            self.write_state(&work, known, Some(reason.to_owned()));
        }
        self.done_with(&work);
        work.offsets.clear();
        work.told = Some(reason.into());
        match again {
            Again::Never => {}
            Again::WithEnvironment => self.rest_with(work),
            Again::Later => self.retry(work),
        }
    }

    /// The environment rests; should the failure be the blob's own after all, it is so only a few times.
    fn rest_with(&mut self, mut work: Work) {
        let handling = &self.settings.error_handling;
        let delay = |failures| handling.delay(failures);
        let answered_before = self.backlog.rest(&work.environment, delay, Instant::now());
        work.failures += u32::from(answered_before);
        self.backlog.put_aside(work);
    }

    fn retry(&mut self, mut work: Work) {
        let delay = LONGEST_RETRY.min(FIRST_RETRY * 2_u32.pow(work.failures.min(10)));
        work.failures += 1;
        if !self.backlog.retry(Instant::now() + delay, work) {
            tracing::warn!(
                "very many blobs wait for another attempt; the rest is tried again after a restart, or tomorrow"
            );
        }
    }

    /// Makes room: the state remembers the blob until its environment answers again.
    pub(super) fn put_off(&mut self, work: Work) {
        let known = self.known_or_new(&work);
        self.record_failure(work, known, "its environment's storage does not answer", Again::Later);
    }
}
