//! What the benchmarks share that compare with kcat: blobs, what a run costs, and a table of sides that ran in turn.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use super::gz;
use super::process::Guarded;
use super::running::{Outcome, watch_peak};
use super::services::kafka;

pub const LINES_PER_MEMBER: u64 = 500;
pub const RUNS: usize = 5;
pub const PARTITIONS: i32 = 12;

/// How many lines each benchmark takes: `usual`, or what the variable `BENCH_LINES` says, with commas between. So
/// `make bench BENCH_LINES=2000 BENCH_RUNS=1` is a short look at whether it works.
pub fn lines(usual: &[u64]) -> Vec<u64> {
    std::env::var("BENCH_LINES").map_or_else(|_| usual.to_vec(), |given| given.split(',').map(number).collect())
}

fn runs() -> usize {
    std::env::var("BENCH_RUNS").map_or(RUNS, |given| number(&given))
}

fn number<T: FromStr>(text: &str) -> T {
    text.trim().parse().unwrap_or_else(|_| panic!("{text:?} is no number"))
}

/// Writes a blob of so many lines of about 1.6 KB.
pub fn write_blob(path: &Path, lines: u64) {
    let mut file = BufWriter::new(File::create(path).expect("the blob's file"));
    gz::write_blob(&mut file, 0..lines, LINES_PER_MEMBER, gz::log_line).expect("write the blob");
    file.flush().expect("write the blob");
}

/// What a run took.
#[derive(Clone, Copy)]
pub struct Cost {
    pub seconds: f64,
    /// Seconds of the processors, in the client and in the broker.
    pub client: f64,
    pub broker: f64,
    /// The client's largest resident set.
    pub peak_bytes: u64,
}

/// Measures from now on.
pub struct Meter {
    begun: Instant,
    /// `None`: all processes that this one waits for from now on.
    client: Option<u32>,
    client_before: f64,
    broker_before: f64,
}

impl Meter {
    /// Of processes that start after this and end before [`Meter::stop`].
    pub fn of_children() -> Meter {
        Meter::start(None)
    }

    /// Of a process that runs.
    pub fn of(pid: u32) -> Meter {
        Meter::start(Some(pid))
    }

    fn start(client: Option<u32>) -> Meter {
        Meter {
            client,
            client_before: processor_seconds(client),
            broker_before: processor_seconds(Some(kafka().pid())),
            begun: Instant::now(),
        }
    }

    /// The peak is for the caller to fill in, who may know it later only.
    pub fn stop(&self) -> Cost {
        Cost {
            seconds: self.begun.elapsed().as_secs_f64(),
            client: processor_seconds(self.client) - self.client_before,
            broker: processor_seconds(Some(kafka().pid())) - self.broker_before,
            peak_bytes: 0,
        }
    }
}

/// What a process has used so far, or, without one, all that this process has waited for.
#[cfg(target_os = "linux")]
fn processor_seconds(pid: Option<u32>) -> f64 {
    let process = pid.unwrap_or_else(std::process::id) as i32;
    let stat = procfs::process::Process::new(process).and_then(|process| process.stat());
    let stat = stat.unwrap_or_else(|e| panic!("process {process}: {e}"));
    let ticks = match pid {
        Some(_) => stat.utime + stat.stime,
        None => (stat.cutime + stat.cstime) as u64,
    };
    ticks as f64 / procfs::ticks_per_second() as f64
}

#[cfg(not(target_os = "linux"))]
fn processor_seconds(_: Option<u32>) -> f64 {
    f64::NAN
}

/// The whole process of one run of clp.
pub fn whole(run: impl FnOnce() -> Outcome) -> (Cost, Outcome) {
    let meter = Meter::of_children();
    let outcome = run().success();
    let peak_bytes = outcome.peak_rss_bytes;
    (
        Cost {
            peak_bytes,
            ..meter.stop()
        },
        outcome,
    )
}

/// `zcat` of so many times the file into `kcat -P`, with both processes' costs; the peak is kcat's.
pub fn kcat_produces(file: &Path, topic: &str, times: u64) -> Cost {
    let meter = Meter::of_children();
    let mut zcat = Command::new("zcat");
    zcat.args((0..times).map(|_| file)).stdout(Stdio::piped());
    let mut zcat = Guarded::spawn(&mut zcat, None);
    let text = zcat.child.stdout.take().expect("a piped standard output");
    let mut kcat = kcat("-P", topic);
    kcat.args(["-p", "0", "-z", "lz4", "-X", "enable.idempotence=true"])
        .stdin(text);
    let peak_bytes = wait_for(&mut kcat);
    assert!(zcat.child.wait().expect("wait for zcat").success(), "zcat failed");
    Cost {
        peak_bytes,
        ..meter.stop()
    }
}

/// `kcat -C` of all committed records of the topic, to nowhere.
pub fn kcat_consumes(topic: &str) -> Cost {
    let meter = Meter::of_children();
    let mut kcat = kcat("-C", topic);
    kcat.args(["-q", "-e", "-o", "beginning", "-X", "isolation.level=read_committed"]);
    let peak_bytes = wait_for(kcat.stdout(Stdio::null()));
    Cost {
        peak_bytes,
        ..meter.stop()
    }
}

fn kcat(does: &str, topic: &str) -> Command {
    let mut kcat = Command::new("kcat");
    kcat.args([does, "-b", &kafka().brokers(), "-t", topic]);
    kcat
}

/// Runs it to its end; gives its largest resident set.
fn wait_for(kcat: &mut Command) -> u64 {
    let mut kcat = Guarded::spawn(kcat, None);
    let peak = Arc::new(AtomicU64::new(0));
    let (pid, seen) = (kcat.pid(), Arc::clone(&peak));
    let watching = thread::spawn(move || watch_peak(pid, &seen));
    let status = kcat.child.wait().expect("wait for kcat");
    assert!(status.success(), "kcat failed; it is needed (apt-get install kcat)");
    watching.join().expect("the watcher of kcat's memory");
    peak.load(Ordering::Relaxed)
}

/// A program, or a way to run it, and one run.
pub type Side<'a> = (&'a str, Box<dyn FnMut() -> Cost + 'a>);

/// Runs the sides in turn, again and again, and prints the medians as a table. The last is the yardstick.
pub fn compare(what: &str, lines: u64, mut sides: Vec<Side<'_>>) {
    let runs = runs();
    println!("\n{what}");
    let mut costs = vec![Vec::new(); sides.len()];
    for run in 0..=runs {
        for ((name, side), costs) in sides.iter_mut().zip(&mut costs) {
            let cost = side();
            // The first round warms up the broker.
            if run > 0 {
                println!("run {run}: {name} {:.2} s", cost.seconds);
                costs.push(cost);
            }
        }
    }
    let medians: Vec<Cost> = costs.iter().map(|costs| median_of(costs)).collect();
    let yardstick = medians[medians.len() - 1].seconds;
    println!(
        "\n| {what}; median of {runs} | s | lines/s | speed | client CPU s | per million lines | broker CPU s | peak MiB |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    for ((name, _), cost) in sides.iter().zip(medians) {
        println!(
            "| {name} | {:.2} | {:.0} | {:.2} | {:.2} | {:.2} | {:.2} | {:.1} |",
            cost.seconds,
            lines as f64 / cost.seconds,
            yardstick / cost.seconds,
            cost.client,
            cost.client * 1e6 / lines as f64,
            cost.broker,
            cost.peak_bytes as f64 / f64::from(1 << 20),
        );
    }
}

/// Each figure by itself; of the memory the worst.
fn median_of(costs: &[Cost]) -> Cost {
    let median_by = |figure: fn(&Cost) -> f64| median(&mut costs.iter().map(figure).collect::<Vec<_>>());
    Cost {
        seconds: median_by(|cost| cost.seconds),
        client: median_by(|cost| cost.client),
        broker: median_by(|cost| cost.broker),
        peak_bytes: costs.iter().map(|cost| cost.peak_bytes).max().expect("a run"),
    }
}

pub fn median(seconds: &mut [f64]) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// Lines that the log of a service's lanes says are committed.
pub fn committed(log: &str) -> u64 {
    log.lines()
        .filter(|line| line.contains("committed lane="))
        .filter_map(|line| line.split_once(" lines=")?.1.split(' ').next()?.parse::<u64>().ok())
        .sum()
}
