//! Work in several parts: one that fails is reported, the rest goes on.

use super::{
    Exit, Failure,
    exit::{exit_of, is_broken_pipe, print},
};

/// Counts the parts of a command that did and did not work.
#[derive(Debug)]
pub struct Parts {
    what: &'static str,
    all: usize,
    failed: usize,
    last_error: Option<anyhow::Error>,
}

impl Parts {
    /// So many parts; `what` names them in the plural, such as `blobs`.
    pub fn of(all: usize, what: &'static str) -> Self {
        Self {
            what,
            all,
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
            Ok(value) => Ok(Some(value)),
            Err(error) if is_broken_pipe(&error) || exit_of(&error) == Exit::Interrupted => Err(error),
            Err(error) => {
                self.failed += 1;
                // The error of an only part is that of the whole command, which prints it.
                if self.all > 1 {
                    print(&error);
                }
                self.last_error = Some(error);
                Ok(None)
            }
        }
    }

    /// The one error of the only part as it is; of several parts, that some failed.
    pub fn into_result(self) -> anyhow::Result<()> {
        self.into_result_or(Exit::Partly)
    }

    /// As [`Self::into_result`], with the exit code for some of several.
    pub fn into_result_or(self, partly: Exit) -> anyhow::Result<()> {
        let Some(error) = self.last_error else {
            return Ok(());
        };
        if self.all == 1 {
            return Err(error);
        }
        let exit = if self.failed == self.all {
            exit_of(&error)
        } else {
            partly
        };
        Err(Failure::new(exit, format!("{} of {} {} failed", self.failed, self.all, self.what)).into())
    }
}
