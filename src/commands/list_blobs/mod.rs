//! `clp list-blobs`.

mod plan;
mod print;

use std::num::NonZeroUsize;

use clap::{Args, ValueEnum};

use self::{plan::Plan, print::Printer};
use super::{selection::EnvironmentSelection, services};
use crate::{
    cli::{App, Parts},
    domain::Date,
};

const EXAMPLES: &str = "Examples:
  clp list-blobs --env P1 | grep my-blob
  clp list-blobs --date today --service api --max-per-env 10
  clp list-blobs --env cp2/P1 --format json | jq .size";

/// List blobs in storage, newest first
///
/// The newest day comes first, and in a day the blob that was written to last. Piped, each blob is one line with its
/// whole name and exact size. A line on standard error sums up.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ListBlobs {
    #[command(flatten)]
    environments: EnvironmentSelection,

    /// Day: YYYYMMDD, YYYY-MM-DD, today, yesterday
    #[arg(short, long, value_name = "DATE")]
    date: Option<Date>,

    /// Service: its name, an alias, or the start of its pods' names
    #[arg(long, value_name = "SERVICE")]
    service: Option<String>,

    /// Blobs whose whole names start so, such as kubernetes/20250606.api-
    #[arg(long, value_name = "PREFIX", conflicts_with_all = ["date"])]
    prefix: Option<String>,

    /// Container of the storage account, in place of the configured one
    #[arg(short, long, value_name = "CONTAINER")]
    container: Option<String>,

    /// Show at most N blobs of each environment
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    max_per_env: Option<NonZeroUsize>,

    /// Order, over all days; but for `name`, nothing is shown before everything is listed
    #[arg(long, value_enum, value_name = "BY")]
    sort: Option<Sort>,

    /// Form of the list
    #[arg(short, long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Sort {
    Modified,
    Size,
    Name,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Columns, sizes rounded on a terminal
    #[default]
    Table,
    /// One JSON object a line
    Json,
    /// Comma-separated values, under a header
    Csv,
    /// Names only
    Name,
}

pub async fn run(args: ListBlobs, app: &App) -> anyhow::Result<()> {
    let environments = args.environments.resolve(app)?;
    let selectors = app.config()?.selectors();
    let plan = Plan::new(&args, &selectors);
    let mut listings = Vec::new();
    for environment in environments {
        let opened = app.container(&environment, args.container.as_deref());
        let listing = opened.map(|(container, name)| (plan.clone().start(container), name));
        listings.push((environment, listing));
    }
    let mut printer = Printer::new(app.output(), args.format, &selectors);
    let mut parts = Parts::of(listings.len(), "environments");
    for (environment, listing) in listings {
        let result = match listing {
            Ok((mut pages, container)) => printer.print(&environment, &container, &mut pages).await,
            Err(error) => Err(error),
        };
        parts.note(result)?;
    }
    if printer.finish()? == Some(0) {
        services::tell_nothing_of(args.service.as_deref(), &selectors);
    }
    parts.into_result()
}

fn at_least_one(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse().map_err(|_| "expected a whole number from 1")
}
