//! Errors become an exit code, a message and a hint, here and nowhere else.

use std::{io, process::ExitCode};

use super::told::Told;
use crate::{
    config, kafka, opensearch,
    pipeline::{
        analyze, extract::offline, extract::service::ExtractError, ingest::IngestError, tail::TailError,
        verify::VerifyError,
    },
    storage,
};

/// The exit codes that scripts rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Failed = 1,
    Usage = 2,
    Configuration = 3,
    Kafka = 4,
    Storage = 5,
    Data = 6,
    /// Some of several parts failed, the rest is done.
    Partly = 7,
    Interrupted = 130,
}

/// An error that a command itself finds.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    exit: Exit,
    message: String,
    hint: Option<String>,
}

impl Failure {
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            hint: None,
        }
    }

    /// The arguments do not go together or can not be read.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The configuration lacks something, or says it wrongly.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(Exit::Configuration, message)
    }

    /// Somebody pressed Ctrl-C, or the process was told to end.
    pub fn interrupted(message: impl Into<String>) -> Self {
        Self::new(Exit::Interrupted, message)
    }

    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}

/// Prints an error with its hint to standard error and gives the exit code. A closed pipe is no error.
pub fn report(error: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(error) {
        return ExitCode::SUCCESS;
    }
    let (exit, _) = explain(error);
    // Nothing is left undone by who only looked.
    if !matches!(error.downcast_ref(), Some(TailError::Interrupted)) {
        print(error);
    }
    ExitCode::from(exit as u8)
}

/// Prints an error of a command that goes on all the same.
///
/// # Errors
/// A closed pipe: nobody wants more.
pub fn go_on_after(error: anyhow::Error) -> anyhow::Result<()> {
    if is_broken_pipe(&error) {
        return Err(error);
    }
    print(&error);
    Ok(())
}

/// Prints an error with its hint to standard error.
pub(super) fn print(error: &anyhow::Error) {
    let (_, hint) = explain(error);
    super::output::tell(&Told::Error {
        message: &text(error),
        hint: hint.as_deref(),
    });
}

/// The exit code that an error ends a command with.
pub fn exit_of(error: &anyhow::Error) -> Exit {
    explain(error).0
}

pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// An error's message, and what to try.
pub fn in_words(error: &anyhow::Error) -> (String, Option<String>) {
    (text(error), explain(error).1)
}

/// The message and its causes, each said once.
fn text(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

fn explain(error: &anyhow::Error) -> (Exit, Option<String>) {
    for cause in error.chain() {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            return (failure.exit, failure.hint.clone());
        }
        if let Some(error) = cause.downcast_ref::<IngestError>() {
            return (exit_of_ingest(error), error.hint());
        }
        if let Some(error) = cause.downcast_ref::<VerifyError>() {
            return (exit_of_verify(error), error.hint());
        }
        if let Some(error) = cause.downcast_ref::<offline::Error>() {
            return (exit_of_extract(error), error.hint());
        }
        if let Some(error) = cause.downcast_ref::<analyze::Error>() {
            return (exit_of_analysis(error), error.hint());
        }
        if let Some(error) = cause.downcast_ref::<TailError>() {
            return (exit_of_tail(error), error.hint());
        }
        if let Some(error) = cause.downcast_ref::<ExtractError>() {
            return (exit_of_extract_service(error), error.hint());
        }
        if let Some(error) = cause.downcast_ref::<kafka::Error>() {
            return (exit_of_kafka(error), error.hint());
        }
        if let Some(error) = cause.downcast_ref::<storage::Error>() {
            return (exit_of_storage(error), error.hint());
        }
        if let Some(error) = cause.downcast_ref::<opensearch::Error>() {
            return (exit_of_opensearch(error), error.hint());
        }
        if let Some(error) = cause.downcast_ref::<config::Error>() {
            return (Exit::Configuration, error.hint());
        }
    }
    (Exit::Failed, None)
}

fn exit_of_ingest(error: &IngestError) -> Exit {
    match error {
        IngestError::Kafka(error) => exit_of_kafka(error),
        IngestError::Storage(error) => exit_of_storage(error),
        IngestError::Corrupt { .. }
        | IngestError::Misaligned { .. }
        | IngestError::PastEnd { .. }
        | IngestError::Shrunk { .. }
        | IngestError::Changed { .. } => Exit::Data,
        IngestError::Interrupted { .. } => Exit::Interrupted,
    }
}

fn exit_of_verify(error: &VerifyError) -> Exit {
    match error {
        VerifyError::Kafka(error) => exit_of_kafka(error),
        VerifyError::Storage(error) => exit_of_storage(error),
        VerifyError::Changed { .. } => Exit::Data,
        VerifyError::Spool { .. } => Exit::Failed,
    }
}

fn exit_of_extract(error: &offline::Error) -> Exit {
    match error {
        offline::Error::Read(_) => Exit::Failed,
        offline::Error::Torn { .. }
        | offline::Error::Corrupt { .. }
        | offline::Error::LongLine { .. }
        | offline::Error::Refused { .. } => Exit::Data,
    }
}

fn exit_of_extract_service(error: &ExtractError) -> Exit {
    match error {
        ExtractError::Kafka(error) => exit_of_kafka(error),
        ExtractError::Refused { .. } => Exit::Data,
    }
}

fn exit_of_analysis(error: &analyze::Error) -> Exit {
    match error {
        analyze::Error::Read(_) => Exit::Failed,
        analyze::Error::Text(error) => exit_of_extract(error),
        analyze::Error::Storage(error) => exit_of_storage(error),
        analyze::Error::Corrupt { .. } | analyze::Error::Changed => Exit::Data,
    }
}

fn exit_of_tail(error: &TailError) -> Exit {
    match error {
        TailError::Kafka(error) => exit_of_kafka(error),
        TailError::Storage(error) => exit_of_storage(error),
        TailError::Output(_) => Exit::Failed,
        TailError::Interrupted => Exit::Interrupted,
    }
}

fn exit_of_kafka(error: &kafka::Error) -> Exit {
    match error.is_of_configuration() {
        true => Exit::Configuration,
        false => Exit::Kafka,
    }
}

fn exit_of_storage(error: &storage::Error) -> Exit {
    match error.kind() {
        storage::Kind::Invalid => Exit::Configuration,
        _ => Exit::Storage,
    }
}

/// OpenSearch has no code of its own: it is beside the way of the logs.
fn exit_of_opensearch(error: &opensearch::Error) -> Exit {
    match error.is_of_configuration() {
        true => Exit::Configuration,
        false => Exit::Failed,
    }
}
