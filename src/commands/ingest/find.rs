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
    if let Some(environment) = &args.env {
        return Ok(config.find_environment(environment, args.subscription.as_deref())?);
    }
    let selection = EnvironmentSelection {
        subscription: args.subscription.clone(),
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

/// The blobs that `--blob` means: one by its name, with or without its directory, or all that match a pattern.
pub(super) async fn find_blobs(container: &Container, wanted: &str) -> anyhow::Result<Vec<BlobProperties>> {
    if !wanted.contains(['*', '?', '[', '{']) {
        let found = container.properties(wanted).await;
        let inside = format!("{}{wanted}", blob_name::DIRECTORY);
        return match found {
            Err(error) if error.kind() == storage::Kind::BlobNotFound && !wanted.contains('/') => {
                match container.properties(&inside).await {
                    Ok(blob) => Ok(vec![blob]),
                    Err(_) => Err(error.into()),
                }
            }
            other => Ok(vec![other?]),
        };
    }
    let pattern = globset::GlobBuilder::new(wanted)
        .build()
        .map_err(|error| Failure::usage(format!("--blob {wanted}: {}", error.kind())))?
        .compile_matcher();
    let prefix = wanted.split(['*', '?', '[', '{']).next().unwrap_or_default();
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
