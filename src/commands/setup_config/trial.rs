//! What the trials of accounts and of Kafka have in common.

use crate::{
    cli::{self, to_stderr},
    config::{Config, Draft, Environment},
};

/// What the draft says by now.
pub(super) fn config_of(draft: &Draft) -> anyhow::Result<Config> {
    Ok(draft.load(&Environment::of_process())?.0)
}

/// What does not work, and what to try.
pub(super) fn tell(error: &anyhow::Error) {
    let (message, hint) = cli::in_words(error);
    to_stderr(&format!("  does not work: {message}"));
    if let Some(hint) = hint {
        to_stderr(&format!("  hint: {hint}"));
    }
}
