//! From arguments to what is read, what is shown, and how.

use jiff::Timestamp;

use super::Tail;
use crate::{
    cli::{App, Failure, Format},
    commands::{selection::check_window, services},
    pipeline::tail::{Form, Listing, Look, Paint, Plan, Select, Start, Stored},
};

/// What is shown where nothing says how much.
const LAST_LINES: usize = 10;

pub(super) fn look(args: &Tail, app: &App) -> anyhow::Result<Look> {
    let selectors = app.config()?.selectors();
    for doubt in args
        .services
        .iter()
        .filter_map(|name| services::doubt(name, &selectors))
    {
        tracing::warn!("{doubt}");
    }
    let select = Select {
        subscription: args.environments.subscription.clone(),
        environments: environments(args, app)?,
        services: args.services.iter().map(|name| selectors.resolve(name)).collect(),
        level: args.level,
        patterns: args.grep.clone(),
        excluded: args.exclude.clone(),
        since: args.since.map(|since| since.0),
        until: args.until.map(|until| until.0),
    };
    let form = match args.format {
        Format::Text => Form::Text(Paint { color: app.use_color() }),
        Format::Json => Form::Json,
    };
    Ok(Look::new(select, selectors, form, args.raw))
}

/// As `SUBSCRIPTION/E`, one that is known. Where none is configured, those that records name may be any.
fn environments(args: &Tail, app: &App) -> anyhow::Result<Vec<String>> {
    let named = &args.environments.environments;
    if named.is_empty() || app.config()?.environments().is_empty() {
        return Ok(named.clone());
    }
    let known = args.environments.resolve(app)?;
    Ok(known.iter().map(ToString::to_string).collect())
}

/// Which blobs are shown.
pub(super) fn listing(args: &Tail, app: &App) -> anyhow::Result<Listing> {
    if !args.topics.is_empty() || args.group.is_some() {
        let message = "--topics and --group are about Kafka; --source storage reads none";
        return Err(Failure::usage(message).into());
    }
    let config = app.config()?;
    let selectors = config.selectors();
    let named = args.services.iter().map(|name| selectors.resolve(name));
    let services = match args.services.is_empty() {
        true => selectors.iter().cloned().collect(),
        false => named.collect(),
    };
    let mut environments = Vec::new();
    for environment in args.environments.resolve(app)? {
        let (container, _) = app.container(&environment, None)?;
        environments.push(Stored { environment, container });
    }
    Ok(Listing {
        environments,
        services,
        selectors,
        timezone: config.global.timezone.zone().clone(),
        read: app.read_options()?,
    })
}

pub(super) fn start(args: &Tail) -> Start {
    match args.since {
        _ if args.from_beginning => Start::Beginning,
        Some(since) => Start::Since(since.0),
        None => Start::End,
    }
}

pub(super) fn plan(args: &Tail) -> Result<Plan, Failure> {
    let until = args.until.map(|until| until.0);
    check_window(args.since.map(|since| since.0), until)?;
    let follow = !args.no_follow && until.is_none_or(|until| until > Timestamp::now());
    let shows_nothing = !follow && start(args) == Start::End && args.group.is_none();
    Ok(Plan {
        last: args.last.or(shows_nothing.then_some(LAST_LINES)),
        follow,
        until,
        max_messages: args.max_messages,
        in_order: !args.raw && args.group.is_none(),
    })
}
