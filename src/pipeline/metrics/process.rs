//! What the system knows of this process, under the names that all of Prometheus' libraries use. On Linux only.

use prometheus_client::registry::Registry;

#[cfg(not(target_os = "linux"))]
pub(super) fn register(_: &mut Registry) {}

#[cfg(target_os = "linux")]
pub(super) fn register(registry: &mut Registry) {
    registry.register_collector(Box::new(linux::Process));
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fmt;

    use procfs::{ProcResult, WithCurrentSystemInfo, process};
    use prometheus_client::{
        collector::Collector,
        encoding::{DescriptorEncoder, EncodeMetric},
        metrics::{counter::ConstCounter, gauge::ConstGauge},
        registry::Unit,
    };

    #[derive(Debug)]
    pub struct Process;

    struct Figures {
        cpu_seconds: f64,
        resident_bytes: u64,
        virtual_bytes: u64,
        open_files: u64,
        max_files: Option<u64>,
        threads: u64,
        /// Since 1970.
        start_seconds: f64,
    }

    impl Figures {
        fn now() -> ProcResult<Self> {
            let process = process::Process::myself()?;
            let stat = process.stat()?;
            let ticks = procfs::ticks_per_second() as f64;
            Ok(Self {
                cpu_seconds: (stat.utime + stat.stime) as f64 / ticks,
                resident_bytes: stat.rss_bytes().get(),
                virtual_bytes: stat.vsize,
                open_files: process.fd_count()? as u64,
                max_files: match process.limits()?.max_open_files.soft_limit {
                    process::LimitValue::Value(value) => Some(value),
                    process::LimitValue::Unlimited => None,
                },
                threads: stat.num_threads.unsigned_abs(),
                start_seconds: procfs::boot_time_secs()? as f64 + stat.starttime as f64 / ticks,
            })
        }
    }

    impl Collector for Process {
        fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
            // Where /proc can not be read, the other figures are told all the same.
            let Ok(figures) = Figures::now() else { return Ok(()) };
            let mut tell = |name: &str, help: &str, unit: Option<Unit>, figure: &dyn EncodeMetric| {
                figure.encode(encoder.encode_descriptor(name, help, unit.as_ref(), figure.metric_type())?)
            };
            let bytes = || Some(Unit::Bytes);
            let seconds = || Some(Unit::Seconds);
            let cpu = ConstCounter::new(figures.cpu_seconds);
            tell("process_cpu", "User and system time", seconds(), &cpu)?;
            let resident = ConstGauge::new(figures.resident_bytes);
            tell("process_resident_memory", "Resident memory", bytes(), &resident)?;
            let virtual_memory = ConstGauge::new(figures.virtual_bytes);
            tell("process_virtual_memory", "Virtual memory", bytes(), &virtual_memory)?;
            let files = ConstGauge::new(figures.open_files);
            tell("process_open_fds", "Open file descriptors", None, &files)?;
            if let Some(max) = figures.max_files {
                tell("process_max_fds", "Most file descriptors", None, &ConstGauge::new(max))?;
            }
            let threads = ConstGauge::new(figures.threads);
            tell("process_threads", "Threads", None, &threads)?;
            let start = ConstGauge::new(figures.start_seconds);
            tell("process_start_time", "Start, since 1970", seconds(), &start)
        }
    }

    #[cfg(test)]
    mod tests {
        use std::time::{SystemTime, UNIX_EPOCH};

        use super::*;

        #[test]
        fn figures_are_of_this_process() {
            let figures = Figures::now().unwrap();
            assert!(figures.resident_bytes > 1 << 20, "{}", figures.resident_bytes);
            assert!(figures.virtual_bytes >= figures.resident_bytes);
            assert!(figures.open_files >= 3, "{}", figures.open_files);
            assert!(figures.threads >= 1);
            assert!(figures.cpu_seconds >= 0.0);
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
            let age = now - figures.start_seconds;
            assert!((-1.0..24.0 * 3600.0).contains(&age), "started {age} s ago");
        }

        #[test]
        fn the_usual_names_are_told() {
            let text = crate::pipeline::metrics::text(&crate::pipeline::metrics::registry());
            for name in [
                "process_cpu_seconds_total ",
                "process_resident_memory_bytes ",
                "process_virtual_memory_bytes ",
                "process_open_fds ",
                "process_threads ",
                "process_start_time_seconds ",
            ] {
                assert!(
                    text.lines().any(|line| line.starts_with(name)),
                    "{name} is not in\n{text}"
                );
            }
        }
    }
}
