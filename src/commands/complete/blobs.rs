//! The names of blobs: those that were seen last, else those that storage tells within moments.

use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::{candidates::Candidate, line::Line};
use crate::{
    cli::{App, BlobNames, GlobalArgs, MAX_NAMES, NamesFile},
    config::{Config, Environment, Loaded},
    domain::{EnvironmentId, blob_name},
    storage::{BlobProperties, Container},
};

/// Storage is asked at most so often, but for names that begin as none that is known.
const FRESH_SECONDS: u64 = 60;
/// And never more often than this: a storage that does not answer must not cost its limit at every Tab.
const REST_SECONDS: u64 = 5;
/// After so long, what has come is offered.
const LIMIT: Duration = Duration::from_millis(1500);
/// What makes a name a pattern: nobody can complete that.
const PATTERN_CHARS: [char; 4] = ['*', '?', '[', '{'];

pub(super) fn candidates(line: &Line, loaded: Loaded, typed: &str) -> Vec<Candidate> {
    if typed.contains(PATTERN_CHARS) {
        return Vec::new();
    }
    let environment = Environment::of_process();
    let ids = meant(line, &loaded.config, &environment);
    let container = line.value("container", Some('c'));
    let whole = with_directory(typed);
    let mut found = BlobNames::default();
    for id in &ids {
        let Some(file) = NamesFile::of(&loaded, &environment, id, container.as_deref()) else {
            return Vec::new();
        };
        let mut names = file.read();
        // Only of one that is meant: several would take several times as long.
        if ids.len() == 1 && is_stale(&names, &whole) {
            names.ask();
            for page in list(line, &environment, id, container.clone(), whole.clone()) {
                names.add(&page);
            }
            file.add(names.clone());
        }
        found.merge(names);
    }
    let is_whole = whole == typed || blob_name::DIRECTORY.starts_with(typed);
    let names = found.newest_first().into_iter().map(|(name, _)| match is_whole {
        true => name,
        false => blob_name::without_directory(name),
    });
    names.map(|name| Candidate::new(name, "")).collect()
}

/// The name that was begun, with the directory that may be left out of it.
fn with_directory(typed: &str) -> String {
    match typed.contains('/') || blob_name::DIRECTORY.starts_with(typed) {
        true => typed.to_owned(),
        false => format!("{}{typed}", blob_name::DIRECTORY),
    }
}

fn is_stale(names: &BlobNames, begun: &str) -> bool {
    let age = names.age_seconds();
    let knows_one = || names.newest_first().iter().any(|(name, _)| name.starts_with(begun));
    age >= FRESH_SECONDS || age >= REST_SECONDS && !knows_one()
}

/// The environments that the line means, as the command would take it.
fn meant(line: &Line, config: &Config, environment: &Environment) -> Vec<EnvironmentId> {
    // Only `ingest` takes these.
    let variable = |name| {
        environment
            .get(name)
            .filter(|_| line.is_of("ingest"))
            .map(str::to_owned)
    };
    let subscription = line
        .value("subscription", Some('s'))
        .or_else(|| variable("SUBSCRIPTION_ID"));
    let mut named = line.values("env", Some('e'));
    if named.is_empty() {
        named.extend(variable("ENVIRONMENT"));
    }
    if !named.is_empty() {
        let found = named
            .iter()
            .map(|name| config.find_environment(name, subscription.as_deref()));
        return found.filter_map(Result::ok).collect();
    }
    let mut all = config.environments();
    all.retain(|id| subscription.as_ref().is_none_or(|wanted| id.subscription == *wanted));
    all
}

/// What storage tells until the time is over, page by page.
fn list(
    line: &Line,
    environment: &Environment,
    id: &EnvironmentId,
    container: Option<String>,
    begun: String,
) -> Vec<Vec<BlobProperties>> {
    let (sender, pages) = mpsc::channel();
    let (config, id) = (line.config(environment), id.clone());
    // Whatever it waits for, also for a credential, ends with the process.
    thread::spawn(move || {
        let listing = async {
            let app = App::silent(GlobalArgs {
                config,
                ..GlobalArgs::default()
            });
            let (container, _) = app.container(&id, container.as_deref())?;
            Ok::<(), anyhow::Error>(send_pages(&container, &begun, &sender).await?)
        };
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
            // What fails is offered by nobody.
            let _ = runtime.block_on(listing);
        }
    });
    let end = Instant::now() + LIMIT;
    let next = || pages.recv_timeout(end.saturating_duration_since(Instant::now())).ok();
    std::iter::from_fn(next).collect()
}

/// Of the newest days, until there are as many as are kept.
async fn send_pages(
    container: &Container,
    begun: &str,
    pages: &mpsc::Sender<Vec<BlobProperties>>,
) -> Result<(), crate::storage::Error> {
    let mut groups = match begun.contains('.') {
        true => vec![begun.to_owned()],
        false => container.groups(begun).await?,
    };
    // By the day in them.
    groups.sort_unstable_by(|a, b| b.cmp(a));
    let mut left = MAX_NAMES;
    for group in groups {
        let mut next = None;
        while left > 0 {
            let page = container.page(&group, next).await?;
            left = left.saturating_sub(page.blobs.len());
            if pages.send(page.blobs).is_err() {
                return Ok(());
            }
            next = page.next;
            if next.is_none() {
                break;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_may_be_left_out() {
        for (typed, whole) in [
            ("", ""),
            ("k", "k"),
            ("kubernetes/2025", "kubernetes/2025"),
            ("2025", "kubernetes/2025"),
            ("other/x", "other/x"),
        ] {
            assert_eq!(with_directory(typed), whole);
        }
    }

    #[test]
    fn environments_are_meant_as_by_the_command() {
        let config: Config =
            serde_yaml::from_str("subscriptions: {a: {environments: {P1: {}, D1: {}}}, b: {environments: {P1: {}}}}")
                .unwrap();
        let environment = Environment::new([("ENVIRONMENT", "b/P1")], ".");
        for (words, ids) in [
            ("clp ingest --env D1 --blob ", "a/D1"),
            ("clp ingest --blob ", "b/P1"),
            ("clp verify --blob ", "a/D1 a/P1 b/P1"),
            ("clp verify -s a --blob ", "a/D1 a/P1"),
            ("clp verify -s a -e P1 --blob ", "a/P1"),
            ("clp verify -e P1 --blob ", ""),
        ] {
            let line = Line::new(super::super::line::split(words).0);
            let found = meant(&line, &config, &environment);
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found.join(" "), ids, "{words}");
        }
    }
}
