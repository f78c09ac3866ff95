//! Where lines come from.

use jiff::{SignedDuration, Timestamp};

use super::{Record, TailError};

/// Where reading begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    Beginning,
    /// With the lines of this time; some older ones may come before them.
    Since(Timestamp),
    /// With what comes.
    End,
}

/// By so much the clocks of pods may be ahead of Kafka's and of storage's.
pub(super) const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(1);

/// Partitions or blobs: feeds that are each in about the order of time. All calls may block, none for long.
pub trait Source {
    /// Feeds are numbered from 0; more may come with [`Source::refresh`].
    fn feeds(&self) -> usize;

    /// Gives some of a feed's next records to `take`, until that says that it wants no more.
    fn read(&mut self, feed: usize, take: &mut Take<'_>) -> Result<Progress, TailError>;

    /// Starts reading what is now the end of each of these feeds anew: from farther back each `round`, up to the end that
    /// the feed had when the source was opened.
    fn step_back(&mut self, feeds: &[usize], round: u32) -> Result<(), TailError>;

    /// Of a feed that was stepped back in and read: whether there is something before what was read, and in which time
    /// that can be at the latest, in nanoseconds since 1970.
    fn before(&self, feed: usize) -> Option<i64>;

    /// No line of the feed is later than this, in nanoseconds since 1970.
    fn newest(&self, _feed: usize) -> i64 {
        i64::MAX
    }

    /// No line of the feed is from before this, in nanoseconds since 1970, as far as can be told without reading.
    fn oldest(&self, _feed: usize) -> i64 {
        i64::MIN
    }

    /// After steps back: what comes behind the ends that the feeds had.
    fn go_on(&mut self) -> Result<(), TailError>;

    /// Looks for feeds that are new, and for growth that nothing tells of; to be called now and then.
    fn refresh(&mut self) -> Result<(), TailError> {
        Ok(())
    }

    /// Nothing is wanted that comes from now on: feeds end where they end now.
    fn close(&mut self) -> Result<(), TailError> {
        Ok(())
    }

    /// Everything that was taken so far has been written.
    fn written(&mut self) -> Result<(), TailError> {
        Ok(())
    }
}

/// Whether more is wanted.
pub type Take<'t> = dyn FnMut(&Record<'_>) -> bool + 't;

/// How reading a feed went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There may be more at hand.
    More,
    /// There is more, but not here yet.
    Waiting,
    /// Read to its end for now.
    AtEnd,
}
