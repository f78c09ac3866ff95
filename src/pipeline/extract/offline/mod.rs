//! Extraction without Kafka: a file or a pipe of raw lines becomes lines of JSON.
//!
//! ```text
//! input ──▶ Batches ──┬▶ worker 0 ─┬▶ chunks of JSON, in the order of the lines
//!           inflates  └▶ worker 1 ─┘
//! ```
//!
//! Batches go to the workers in turn, and chunks are taken from them in the same turn. That keeps the order.

mod batches;
mod counts;
mod error;
mod worker;

use std::{
    io::Read,
    panic,
    sync::{
        Arc,
        mpsc::{self, Receiver, SyncSender},
    },
    thread::{self, JoinHandle},
};

pub(in crate::pipeline) use self::batches::{Batches, Pieces, pieces};

pub use counts::Counts;
pub use error::Error;
pub use worker::{Chunk, Rules};

/// So many batches may wait for a worker, and so many chunks behind one.
const WAITING: usize = 2;

/// A run. Its items are the chunks in the order of the lines; an error is the last one.
pub struct Extracting {
    reader: Option<JoinHandle<Result<(), Error>>>,
    workers: Vec<Worker>,
    /// The worker whose chunk is next.
    turn: usize,
    /// Lines that were extracted.
    lines: u64,
    refused: Option<Error>,
}

struct Worker {
    thread: JoinHandle<()>,
    chunks: Receiver<Chunk>,
}

impl Extracting {
    /// Starts reading `input`, which is gzip or plain text, and `workers` threads that extract. They end with the input,
    /// and once nobody takes their chunks.
    pub fn start(input: Box<dyn Read + Send>, rules: Rules, workers: usize) -> Self {
        let rules = Arc::new(rules);
        let (senders, workers) = (0..workers.max(1)).map(|_| Worker::start(Arc::clone(&rules))).unzip();
        Self {
            reader: Some(thread::spawn(move || deal(input, senders))),
            workers,
            turn: 0,
            lines: 0,
            refused: None,
        }
    }

    /// Waits for the threads. One that panicked must not pass for one that came to its end.
    fn join(&mut self) -> Result<(), Error> {
        for worker in self.workers.drain(..) {
            worker
                .thread
                .join()
                .unwrap_or_else(|panicked| panic::resume_unwind(panicked));
        }
        let read = self.reader.take().map_or(Ok(Ok(())), JoinHandle::join);
        read.unwrap_or_else(|panicked| panic::resume_unwind(panicked))
    }
}

impl Iterator for Extracting {
    type Item = Result<Chunk, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.refused.take() {
            self.workers.clear();
            return Some(Err(error));
        }
        let Ok(mut chunk) = self.workers.get(self.turn)?.chunks.recv() else {
            return self.join().err().map(Err);
        };
        self.turn = (self.turn + 1) % self.workers.len();
        self.lines += chunk.counts.lines;
        let number = self.lines + 1;
        self.refused = chunk.refused.take().map(|reason| Error::Refused { number, reason });
        Some(Ok(chunk))
    }
}

impl Worker {
    /// A thread that extracts the batches which it is sent.
    fn start(rules: Arc<Rules>) -> (SyncSender<Vec<u8>>, Self) {
        let (sender, batches) = mpsc::sync_channel::<Vec<u8>>(WAITING);
        let (done, chunks) = mpsc::sync_channel(WAITING);
        let work = move || {
            for batch in batches {
                if done.send(rules.extract(&batch)).is_err() {
                    return;
                }
            }
        };
        let thread = thread::spawn(work);
        (sender, Self { thread, chunks })
    }
}

fn deal(input: Box<dyn Read + Send>, workers: Vec<SyncSender<Vec<u8>>>) -> Result<(), Error> {
    for (batch, worker) in Batches::new(input)?.zip(workers.iter().cycle()) {
        if worker.send(batch?).is_err() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn rules(keep_errors: bool) -> Rules {
        Rules {
            service: "api".to_owned(),
            environment: String::new(),
            subscription: String::new(),
            from_proxy: false,
            received_ns: 0,
            validate: true,
            keep_errors,
        }
    }

    fn line(index: usize) -> String {
        format!("{{\"time\":\"2025-06-06T00:00:00Z\",\"log\":\"{index}\",\"kubernetes\":{{\"pod_name\":\"p\"}}}}\n")
    }

    /// The messages in their order, the counts, and the error behind them.
    fn run(text: String, keep_errors: bool, workers: usize) -> (Vec<String>, Counts, Option<Error>) {
        let (mut messages, mut counts, mut error) = (Vec::new(), Counts::default(), None);
        for chunk in Extracting::start(Box::new(Cursor::new(text)), rules(keep_errors), workers) {
            match chunk {
                Err(found) => error = Some(found),
                Ok(chunk) => {
                    counts += chunk.counts;
                    for line in chunk.json.split_inclusive(|byte| *byte == b'\n') {
                        let json: serde_json::Value = serde_json::from_slice(line).unwrap();
                        messages.push(json["record"]["msg"].as_str().unwrap_or("error").to_owned());
                    }
                }
            }
        }
        (messages, counts, error)
    }

    #[test]
    fn order_is_kept() {
        const LINES: usize = 50_000;
        let text: String = (0..LINES).map(line).collect();
        let expected: Vec<String> = (0..LINES).map(|index| index.to_string()).collect();
        for workers in [0, 1, 2, 5] {
            let (messages, counts, error) = run(text.clone(), true, workers);
            assert_eq!(messages, expected);
            assert_eq!((counts.lines, counts.application), (LINES as u64, LINES as u64));
            assert!(error.is_none());
        }
    }

    #[test]
    fn every_line_counts_once() {
        let text = [&line(0), "\n", "no json\n", &line(1).replace("\"1\"", "\"\""), &line(2)].concat();
        let (messages, counts, error) = run(text, true, 2);
        assert_eq!(messages, ["0", "error", "error", "2"]);
        assert!(error.is_none());
        let expected = Counts {
            lines: 5,
            application: 2,
            errors: 2,
            skipped: 1,
            ..Counts::default()
        };
        assert_eq!(counts, expected);
    }

    #[test]
    fn the_first_error_ends_a_run_that_keeps_none() {
        let many: String = (0..20_000).map(line).collect();
        let text = [&many, "no json\n", &many].concat();
        let (messages, counts, error) = run(text, false, 2);
        assert_eq!((messages.len(), counts.lines), (20_000, 20_000));
        assert!(
            matches!(error, Some(Error::Refused { number: 20_001, reason }) if reason.contains("not a JSON object"))
        );
    }

    #[test]
    fn a_run_that_is_dropped_ends() {
        let text: String = (0..50_000).map(line).collect();
        let mut run = Extracting::start(Box::new(Cursor::new(text)), rules(true), 2);
        assert!(run.next().is_some());
        let reader = run.reader.take().unwrap();
        drop(run);
        reader.join().unwrap().unwrap();
    }
}
