//! The one Kafka and the one Azurite that all tests of this binary share. Tests stay apart by the names of their
//! topics and containers ([`super::process::unique`]). A test that stops a broker starts one of its own: [`Kafka::private`].

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::azurite::Azurite;
use super::kafka::Kafka;

/// The shared broker; started by the first test that asks.
pub fn kafka() -> &'static Kafka {
    start_both().0.as_ref().unwrap_or_else(|e| panic!("{e}"))
}

/// The shared storage; started by the first test that asks.
pub fn azurite() -> &'static Azurite {
    start_both().1.as_ref().unwrap_or_else(|e| panic!("{e}"))
}

type Started = (Result<Kafka, String>, Result<Azurite, String>);

/// Side by side, because nearly every test needs both. A failure is kept: no test waits for it a second time.
fn start_both() -> &'static Started {
    static STARTED: OnceLock<Started> = OnceLock::new();
    STARTED.get_or_init(|| {
        std::thread::scope(|scope| {
            let azurite = scope.spawn(Azurite::start);
            let kafka = Kafka::start_shared();
            (
                kafka,
                azurite
                    .join()
                    .unwrap_or_else(|_| Err("starting Azurite panicked".into())),
            )
        })
    })
}

/// A file under tests/services, or how to get it.
pub fn fetched(path: &str) -> Result<PathBuf, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/services").join(path);
    if path.exists() {
        Ok(path)
    } else {
        Err(format!(
            "{} is not there; run `make services` once to fetch the servers of the tests",
            path.display()
        ))
    }
}
