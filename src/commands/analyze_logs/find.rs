//! What is read: local files, or blobs in storage.

use std::{fs, path::Path};

use anyhow::Context;
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};

use super::{AnalyzeLogs, Found, resolve};
use crate::{
    cli::{App, Failure, Parts},
    domain::{BlobName, EnvironmentId, Selector, Selectors, blob_name},
    pipeline::{
        analyze::{self, About, BLOBS_AT_ONCE, Input, Source},
        inventory::{self, Selection},
    },
    storage::{BlobProperties, Container, ReadOptions},
};

const STANDARD_INPUT: &str = "-";
/// Environments that are listed side by side.
const LISTED_AT_ONCE: usize = 8;
/// What all blobs together may have in flight.
const READ_AHEAD_BYTES: u64 = 64 << 20;
const LEAST_RANGE_BYTES: u64 = 256 << 10;
/// By so much the clocks of pods may be ahead of the storage's.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(1);

pub(super) fn files(args: &AnalyzeLogs, app: &App) -> anyhow::Result<Found> {
    if !args.environments.environments.is_empty() || args.environments.subscription.is_some() {
        let message = "--env and --subscription select blobs in storage; they do not go with files";
        return Err(Failure::usage(message).into());
    }
    let selectors = app.config()?.selectors();
    let named = args.service.as_deref().map(|service| selectors.resolve(service));
    let mut stored_bytes = Some(0);
    let mut inputs = Vec::new();
    for file in &args.files {
        let is_stdin = file == STANDARD_INPUT;
        // What can not be looked at is told when it is read.
        let size = fs::metadata(file).ok().filter(fs::Metadata::is_file);
        stored_bytes = match (is_stdin, stored_bytes) {
            (false, Some(sum)) => Some(sum + size.map_or(0, |size| size.len())),
            _ => None,
        };
        inputs.push(Input {
            name: if is_stdin {
                "standard input".to_owned()
            } else {
                file.clone()
            },
            source: source_of(file, named.as_ref(), &selectors),
            from: match is_stdin {
                true => analyze::From::StandardInput,
                false => analyze::From::File(file.into()),
            },
        });
    }
    let what = match args.files.as_slice() {
        [only] => inputs.first().map_or(only.clone(), |input| name_of(&input.name)),
        [first, ..] => format!("{} and {} more", name_of(first), args.files.len() - 1),
        [] => String::new(),
    };
    Ok(Found {
        inputs,
        about: About {
            what,
            of: "files",
            stored_bytes,
            ..About::default()
        },
        parts: None,
    })
}

/// Without its directory; of a blob's name, only day and pod.
fn name_of(file: &str) -> String {
    let name = Path::new(file).file_name().map(|name| name.to_string_lossy());
    name.map_or_else(|| file.to_owned(), |name| blob_name::short(&name))
}

/// Whose lines a file has: as it is said, or as its name says if it is that of a blob.
fn source_of(file: &str, named: Option<&Selector>, selectors: &Selectors) -> Source {
    match named.or_else(|| selectors.of_blob(file)) {
        Some(service) => Source {
            environment: String::new(),
            service: Some(service.name.clone()),
            is_proxy: service.is_proxy(),
        },
        None => Source::default(),
    }
}

/// What storage has of an environment.
struct Listed {
    environment: EnvironmentId,
    container: Container,
    blobs: Vec<BlobProperties>,
}

pub(super) async fn in_storage(args: &AnalyzeLogs, app: &App) -> anyhow::Result<Found> {
    let config = app.config()?;
    let selectors = config.selectors();
    let environments = args.environments.resolve(app)?;
    let days = resolve::days(args, config.global.timezone.zone(), Timestamp::now());
    let selection = Selection {
        days,
        states_of_all_days: false,
        services: Selection::services_of(&selectors, args.service.as_deref()),
        services_are_named: args.service.is_some(),
    };
    let mut parts = Parts::of(environments.len(), "environments");
    let what = what(args, &environments, &selection);
    let mut listed = Vec::new();
    for answer in list(app, environments, &selection).await {
        listed.extend(parts.note(answer)?);
    }
    let since = args.since.map(|since| since.0);
    for listed in &mut listed {
        listed
            .blobs
            .retain(|blob| since.is_none_or(|since| may_hold(blob, since)));
    }
    let stored_bytes = listed
        .iter()
        .flat_map(|listed| &listed.blobs)
        .map(|blob| blob.size)
        .sum();
    let count = listed.iter().map(|listed| listed.blobs.len()).sum();
    let read = share(app.read_options()?, count);
    let mut inputs = Vec::new();
    for Listed {
        environment,
        container,
        blobs,
    } in listed
    {
        inputs.extend(blobs.into_iter().map(|blob| Input {
            name: format!("{environment} {}", blob.name),
            source: source_in(&environment, &blob, &selection, &selectors),
            from: analyze::From::Blob {
                container: container.clone(),
                blob,
                read,
            },
        }));
    }
    // The largest first: none of them is left for the end, when nothing else is there to do.
    inputs.sort_by_key(|input| match &input.from {
        analyze::From::Blob { blob, .. } => std::cmp::Reverse(blob.size),
        analyze::From::StandardInput | analyze::From::File(_) => std::cmp::Reverse(0),
    });
    Ok(Found {
        inputs,
        about: About {
            what,
            of: "blobs",
            stored_bytes: Some(stored_bytes),
            ..About::default()
        },
        parts: Some(parts),
    })
}

async fn list(app: &App, environments: Vec<EnvironmentId>, selection: &Selection) -> Vec<anyhow::Result<Listed>> {
    let listing = environments.into_iter().map(|environment| async move {
        let (container, _) = app.container(&environment, None)?;
        let listed = inventory::list(&container, selection).await;
        let blobs = listed.with_context(|| format!("environment {environment}"))?;
        Ok(Listed {
            environment,
            container,
            blobs,
        })
    });
    futures::stream::iter(listing).buffered(LISTED_AT_ONCE).collect().await
}

/// Whether a blob may hold lines since then.
fn may_hold(blob: &BlobProperties, since: Timestamp) -> bool {
    let written = blob.last_modified.checked_add(CLOCKS_APART);
    written.unwrap_or(Timestamp::MAX) >= since
}

/// What each of the blobs that are read side by side may have in flight.
fn share(configured: ReadOptions, blobs: usize) -> ReadOptions {
    let at_once = blobs.clamp(1, BLOBS_AT_ONCE) as u64;
    let share = READ_AHEAD_BYTES / at_once / configured.ranges_ahead.max(1) as u64;
    ReadOptions {
        range_bytes: configured.range_bytes.min(share.max(LEAST_RANGE_BYTES)),
        ..configured
    }
}

/// A blob of a service that was asked for by the start of its pods' names is called as its own service, if it has one.
fn source_in(
    environment: &EnvironmentId,
    blob: &BlobProperties,
    selection: &Selection,
    selectors: &Selectors,
) -> Source {
    let parsed = BlobName::parse(&blob.name);
    let asked = parsed.and_then(|parsed| selection.services.iter().find(|service| service.matches(&parsed)));
    let service = selectors.of_blob(&blob.name).or(asked);
    Source {
        environment: environment.to_string(),
        service: service.map(|service| service.name.clone()),
        is_proxy: service.is_some_and(Selector::is_proxy),
    }
}

/// What was asked for, for people.
fn what(args: &AnalyzeLogs, environments: &[EnvironmentId], selection: &Selection) -> String {
    let environments: Vec<String> = environments.iter().map(ToString::to_string).collect();
    let days: Vec<String> = selection.days.iter().map(|day| day.civil().to_string()).collect();
    let days = match days.as_slice() {
        [] => "all days".to_owned(),
        [only] => only.clone(),
        [last, .., first] => format!("{first} to {last}"),
    };
    let service = args.service.as_deref().unwrap_or("all services");
    format!("{} {service}, {days}", environments.join(", "))
}
