//! Reads all inputs side by side and counts their lines on all cores.

use std::{
    panic,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{self, Receiver, SyncSender},
    },
    thread::{self, ScopedJoinHandle},
};

use memchr::memchr;
use tokio::runtime::Handle;

use super::{
    End, Error, Input, Window,
    input::{From, Text},
    tally::{NO_TIME, Tally, Whose},
};
use crate::{
    domain::{
        Selectors,
        record::{ErrorType, Failed, Record, Source as RecordSource},
    },
    pipeline::{
        extract::{Origin, RawLine, extract},
        ingest::Progress,
    },
};

/// What is to be analysed.
pub struct Job {
    pub inputs: Vec<Input>,
    pub selectors: Arc<Selectors>,
    /// Whether records without a level, logger, message or pod are errors.
    pub validate: bool,
    pub window: Window,
    /// Threads that extract and count.
    pub threads: usize,
}

/// What came out.
pub struct Outcome {
    pub(super) tally: Tally,
    /// How each input ended, in their order.
    pub ends: Vec<Result<End, Error>>,
}

/// Blobs that are read side by side: most of the time storage is waited for.
pub const BLOBS_AT_ONCE: usize = 8;
/// So many batches of each worker may wait.
const WAITING: usize = 2;
/// Lines of a blob are nearly in order: so far behind the window none comes that belongs into it.
const ORDER_NS: i64 = 10 * 60 * 1_000_000_000;

/// Lines with the index of their input.
type Message = (usize, Text);

/// Reads and counts everything. Must be called where it may block; for blobs, inside tokio's runtime.
pub fn run(job: &Job, progress: &Progress) -> Outcome {
    let threads = job.threads.max(1);
    let (sender, receiver) = mpsc::sync_channel(WAITING * threads);
    let receiver = Arc::new(Mutex::new(receiver));
    let enough: Vec<AtomicBool> = job.inputs.iter().map(|_| AtomicBool::new(false)).collect();
    let next = AtomicUsize::new(0);
    let runtime = Handle::try_current().ok();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                let (receiver, enough) = (Arc::clone(&receiver), &enough);
                scope.spawn(move || work(job, &receiver, enough, progress))
            })
            .collect();
        // Once no worker takes anything, the readers shall end, too.
        drop(receiver);
        let readers: Vec<_> = (0..readers(job))
            .map(|_| {
                let (sender, next, enough, runtime) = (sender.clone(), &next, &enough, runtime.clone());
                scope.spawn(move || {
                    let _entered = runtime.as_ref().map(Handle::enter);
                    read(job, next, enough, progress, &sender)
                })
            })
            .collect();
        drop(sender);
        let mut ends: Vec<(usize, Result<End, Error>)> = readers.into_iter().flat_map(joined).collect();
        ends.sort_by_key(|(index, _)| *index);
        let mut tally = Tally::new(job.window, Arc::clone(&job.selectors));
        workers.into_iter().for_each(|worker| tally.merge(joined(worker)));
        Outcome {
            tally,
            ends: ends.into_iter().map(|(_, end)| end).collect(),
        }
    })
}

fn readers(job: &Job) -> usize {
    let is_blob = |input: &Input| matches!(input.from, From::Blob { .. });
    let at_once = match job.inputs.iter().any(is_blob) {
        true => BLOBS_AT_ONCE,
        false => job.threads.max(1),
    };
    at_once.min(job.inputs.len())
}

/// A thread that panicked must not pass for one that came to its end.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked))
}

/// Reads inputs, one after the other, until there is none left.
fn read(
    job: &Job,
    next: &AtomicUsize,
    enough: &[AtomicBool],
    progress: &Progress,
    sender: &SyncSender<Message>,
) -> Vec<(usize, Result<End, Error>)> {
    let mut ends = Vec::new();
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(input) = job.inputs.get(index) else {
            return ends;
        };
        let mut take = |text| sender.send((index, text)).is_ok();
        let end = input.read(job.window, &enough[index], progress, &mut take);
        ends.push((index, end));
    }
}

/// Counts lines until no more come.
fn work(job: &Job, receiver: &Mutex<Receiver<Message>>, enough: &[AtomicBool], progress: &Progress) -> Tally {
    let mut tally = Tally::new(job.window, Arc::clone(&job.selectors));
    loop {
        let message = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((index, text)) = message else {
            return tally;
        };
        let mut lines = Lines::of(job, &job.inputs[index], &mut tally);
        match &text {
            Text::Whole(text) => lines.of_text(text),
            Text::Lines { batch, may_be_cut } => {
                lines.may_be_cut = *may_be_cut;
                for (piece, bytes) in batch.pieces() {
                    match piece.part {
                        None => lines.add(bytes),
                        // Too long to be held; it counts once.
                        Some(_) if piece.ends_line() => lines.add_long(),
                        Some(_) => lines.tally.text_bytes += bytes.len() as u64,
                    }
                }
            }
        }
        let (count, is_behind) = lines.end();
        progress.add(0, count);
        if is_behind {
            enough[index].store(true, Ordering::Relaxed);
        }
    }
}

/// Lines of one input.
struct Lines<'a> {
    tally: &'a mut Tally,
    whose: Whose,
    origin: Origin<'a>,
    validate: bool,
    may_be_cut: bool,
    /// Nanoseconds since 1970: lines from then on are behind the window for good.
    far: i64,
    count: u64,
    with_time: bool,
    all_far: bool,
}

impl<'a> Lines<'a> {
    fn of(job: &'a Job, input: &'a Input, tally: &'a mut Tally) -> Self {
        let origin = Origin {
            service: input.source.service.as_deref().unwrap_or_default(),
            environment: &input.source.environment,
            subscription: "",
            from_proxy: input.source.is_proxy,
            received_ns: NO_TIME,
        };
        Self {
            tally,
            whose: Whose::of(&input.source),
            origin,
            validate: job.validate,
            may_be_cut: false,
            far: job
                .window
                .until_ns
                .map_or(i64::MAX, |until| until.saturating_add(ORDER_NS)),
            count: 0,
            with_time: false,
            all_far: true,
        }
    }

    fn of_text(&mut self, text: &[u8]) {
        let mut rest = text;
        while !rest.is_empty() {
            let end = memchr(b'\n', rest).unwrap_or(rest.len());
            self.add(&rest[..end]);
            rest = rest.get(end + 1..).unwrap_or_default();
        }
    }

    fn add(&mut self, line: &[u8]) {
        self.count += 1;
        self.tally.text_bytes += line.len() as u64;
        let raw = RawLine::new(line);
        let record = extract(&raw, self.origin, self.validate);
        if std::mem::take(&mut self.may_be_cut) && matches!(record, Some(Record::Error(_))) {
            return;
        }
        if let Some(record) = &record
            && !matches!(record, Record::Error(_))
        {
            self.with_time = true;
            self.all_far &= record.ts_ns() > self.far;
        }
        self.tally.add(record.as_ref(), &mut self.whose);
    }

    fn add_long(&mut self) {
        self.count += 1;
        let failed = Failed {
            raw_line: "".into(),
            raw_line_encoding: None,
            error: "a line too long to be held".to_owned(),
            error_type: match self.origin.from_proxy {
                true => ErrorType::ProxyParseError,
                false => ErrorType::ParseError,
            },
            timestamp: NO_TIME,
            source: RecordSource {
                service: self.origin.service,
                environment: self.origin.environment,
                subscription: self.origin.subscription,
                pod_name: "".into(),
            },
        };
        self.tally.add(Some(&Record::Error(failed)), &mut self.whose);
    }

    /// How many they were, and whether all that have a time lie behind the window.
    fn end(mut self) -> (u64, bool) {
        self.tally.settle(&mut self.whose);
        (self.count, self.with_time && self.all_far)
    }
}
