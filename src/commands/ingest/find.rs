//! What `--env` and `--blob` mean.

use super::Ingest;
use crate::{
    cli::{App, Exit, Failure},
    commands::selection::EnvironmentSelection,
    domain::{EnvironmentId, blob_name},
    storage::{self, BlobProperties, Container},
};

pub(super) fn environment(args: &Ingest, app: &App) -> anyhow::Result<EnvironmentId> {
    let config = app.config()?;
    let subscription = only("--subscription", &args.subscription)?;
    if let Some(environment) = only("--env", &args.env)? {
        return Ok(config.find_environment(environment, subscription)?);
    }
    let selection = EnvironmentSelection {
        subscription: subscription.map(str::to_owned),
        ..Default::default()
    };
    let mut all = selection.resolve(app)?;
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => Ok(only),
        (last, _) => {
            let names: Vec<String> = all.iter().chain(&last).map(ToString::to_string).collect();
            Err(Failure::configuration("which environment? several are configured")
                .with_hint(format!("--env, one of {}", names.join(", ")))
                .into())
        }
    }
}

/// A blob is in one environment; only a worker takes several.
fn only<'a>(flag: &str, values: &'a [String]) -> anyhow::Result<Option<&'a str>> {
    match values {
        [] => Ok(None),
        [value] => Ok(Some(value)),
        _ => Err(
            Failure::usage(format!("{flag} is given {} times for one blob", values.len()))
                .with_hint("give it once; only --worker takes several")
                .into(),
        ),
    }
}

const PATTERN_CHARS: [char; 4] = ['*', '?', '[', '{'];

/// The blobs that `--blob` means: one by its name, with or without its directory, or all that match a pattern.
pub(super) async fn find_blobs(container: &Container, wanted: &str) -> anyhow::Result<Vec<BlobProperties>> {
    let is_pattern = wanted.contains(PATTERN_CHARS);
    // A name may hold the characters of patterns: what is called exactly so comes first.
    match find_named(container, wanted).await {
        Ok(blob) => return Ok(vec![blob]),
        Err(error) if !is_pattern || error.kind() != storage::Kind::BlobNotFound => return Err(error.into()),
        Err(_) => {}
    }
    let pattern = globset::GlobBuilder::new(wanted)
        .build()
        .map_err(|error| Failure::usage(format!("--blob {wanted}: {}", error.kind())))?
        .compile_matcher();
    let prefix = wanted.split(PATTERN_CHARS).next().unwrap_or_default();
    let (mut blobs, mut next) = (Vec::new(), None);
    loop {
        let page = container.page(prefix, next).await?;
        blobs.extend(page.blobs.into_iter().filter(|blob| pattern.is_match(&blob.name)));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    match blobs.is_empty() {
        false => Ok(blobs),
        true => Err(Failure::new(
            Exit::Storage,
            format!("no blob matches {wanted} in {}", container.describe()),
        )
        .with_hint("clp list-blobs shows what there is; names are whole, with `kubernetes/`")
        .into()),
    }
}

/// The blob of this name, which may lack the directory.
async fn find_named(container: &Container, name: &str) -> Result<BlobProperties, storage::Error> {
    let found = container.properties(name).await;
    match found {
        Err(error) if error.kind() == storage::Kind::BlobNotFound && !name.contains('/') => {
            let inside = format!("{}{name}", blob_name::DIRECTORY);
            container.properties(&inside).await.map_err(|_| error)
        }
        other => other,
    }
}
