//! A name for this process that it has again after a restart.
//!
//! A service that comes back under the same transactional id ends the transaction that its killed predecessor left open;
//! under another, readers would wait until that one times out.

use std::{
    fs::{File, OpenOptions},
    path::PathBuf,
};

/// A name that no other process on this host has at the moment.
#[derive(Debug)]
pub struct Instance {
    pub name: String,
    /// Held as long as the process lives, however it ends.
    _lock: Option<File>,
}

const MOST_ON_A_HOST: u32 = 1000;

impl Instance {
    /// The host's name and the first number that is free among the processes of the service in the group. Where no lock
    /// can be had, a name that will not come again.
    pub fn acquire(service: &str, group: &str) -> Self {
        let host = gethostname::gethostname().to_string_lossy().into_owned();
        for number in 0..MOST_ON_A_HOST {
            // A file of another user counts as taken.
            if let Ok(file) = OpenOptions::new()
                .create(true)
                .append(true)
                .open(lock_file(service, group, number))
                && file.try_lock().is_ok()
            {
                return Self {
                    name: format!("{host}-{number}"),
                    _lock: Some(file),
                };
            }
        }
        let now = jiff::Timestamp::now().as_millisecond();
        Self {
            name: format!("{host}-{}-{now}", std::process::id()),
            _lock: None,
        }
    }
}

fn lock_file(service: &str, group: &str, number: u32) -> PathBuf {
    let directory = std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let group: String = group
        .chars()
        .map(|char| if char.is_ascii_alphanumeric() { char } else { '-' })
        .collect();
    directory.join(format!("{service}-{group}-{number}.lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_once_and_come_again() {
        let group = format!("test-{}", std::process::id());
        let (first, second) = (
            Instance::acquire("clp-test", &group),
            Instance::acquire("clp-test", &group),
        );
        assert!(
            first.name.ends_with("-0") && second.name.ends_with("-1"),
            "{first:?} {second:?}"
        );
        drop(first);
        assert!(Instance::acquire("clp-test", &group).name.ends_with("-0"));
        for number in 0..2 {
            std::fs::remove_file(lock_file("clp-test", &group, number)).unwrap();
        }
    }
}
