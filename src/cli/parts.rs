//! Work in several parts: one that fails is reported, the rest goes on.

use super::{
    Exit, Failure,
    exit::{exit_of, is_broken_pipe, print},
};

/// Counts the parts of a command that did and did not work.
#[derive(Debug)]
pub struct Parts {
    what: &'static str,
    done: usize,
    failed: usize,
    last_error: Option<anyhow::Error>,
}

impl Parts {
    /// `what` names the parts in the plural, such as `blobs`.
    pub fn of(what: &'static str) -> Self {
        Self {
            what,
            done: 0,
            failed: 0,
            last_error: None,
        }
    }

    /// Notes how one part ended. `Some` if it worked.
    ///
    /// # Errors
    /// Those after which no other part makes sense: standard output is closed, or the user interrupted.
    pub fn note<T>(&mut self, result: anyhow::Result<T>) -> anyhow::Result<Option<T>> {
        match result {
            Ok(value) => {
                self.done += 1;
                Ok(Some(value))
            }
            Err(error) if is_broken_pipe(&error) || exit_of(&error) == Exit::Interrupted => Err(error),
            Err(error) => {
                self.failed += 1;
                if let Some(earlier) = self.last_error.replace(error) {
                    print(&earlier);
                }
                Ok(None)
            }
        }
    }

    /// The one error of the only part as it is; of several parts, that some failed.
    pub fn into_result(self) -> anyhow::Result<()> {
        let Some(error) = self.last_error else {
            return Ok(());
        };
        if self.done + self.failed == 1 {
            return Err(error);
        }
        print(&error);
        let exit = if self.done == 0 { exit_of(&error) } else { Exit::Partly };
        let (failed, all) = (self.failed, self.done + self.failed);
        Err(Failure::new(exit, format!("{failed} of {all} {} failed", self.what)).into())
    }
}
