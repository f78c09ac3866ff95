//! `clp list-services`.

mod print;

use anyhow::Context;
use clap::{Args, ValueEnum};
use futures::{StreamExt, TryStreamExt};

use self::print::Printer;
use super::selection::EnvironmentSelection;
use crate::{
    cli::{App, Parts},
    domain::{Date, EnvironmentId, Selectors, blob_name},
    pipeline::inventory::{ServiceGroup, ServiceSum, ServiceSums},
    storage::{self, BlobProperties, Container},
};

const EXAMPLES: &str = "Examples:
  clp list-services --env P1 --date today
  clp list-services --date yesterday --format csv > services.csv
  clp list-services --format json | jq 'select(.service == \"unknown\")'";

/// Environments that are listed side by side, and of each so many days.
const ENVIRONMENTS_AT_ONCE: usize = 4;
const DAYS_AT_ONCE: usize = 4;

/// List the services found in storage: pods, blobs, bytes, last write
///
/// Sums of each environment, over all days unless there is a --date. Blobs of no service are told as `unknown`, by the name
/// of their workload and container: that name is what --service takes, too. The share is that of the environment's bytes.
/// A line on standard error sums up.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ListServices {
    #[command(flatten)]
    environments: EnvironmentSelection,

    /// Day: YYYYMMDD, YYYY-MM-DD, today, yesterday
    #[arg(short, long, value_name = "DATE")]
    date: Option<Date>,

    /// Container of the storage account, in place of the configured one
    #[arg(short, long, value_name = "CONTAINER")]
    container: Option<String>,

    /// Form of the list
    #[arg(short, long, value_enum, default_value_t)]
    format: Format,
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
}

type Sums = Vec<(ServiceGroup, ServiceSum)>;

pub async fn run(args: ListServices, app: &App) -> anyhow::Result<()> {
    let environments = args.environments.resolve(app)?;
    let selectors = app.config()?.selectors();
    let mut parts = Parts::of(environments.len(), "environments");
    let mut printer = Printer::new(app.output(), args.format);
    let (args, selectors) = (&args, &selectors);
    let summing = environments.into_iter().map(|environment| async move {
        let sums = sum(app, &environment, args, selectors).await;
        (environment, sums)
    });
    let mut answers = futures::stream::iter(summing).buffered(ENVIRONMENTS_AT_ONCE);
    while let Some((environment, sums)) = answers.next().await {
        if let Some(sums) = parts.note(sums)? {
            printer.add(&environment, sums)?;
        }
    }
    printer.finish()?;
    parts.into_result()
}

async fn sum(
    app: &App,
    environment: &EnvironmentId,
    args: &ListServices,
    selectors: &Selectors,
) -> anyhow::Result<Sums> {
    let (container, _) = app.container(environment, args.container.as_deref())?;
    let summed = sum_up(&container, args.date, selectors).await;
    summed.with_context(|| format!("environment {environment}"))
}

async fn sum_up(container: &Container, date: Option<Date>, selectors: &Selectors) -> Result<Sums, storage::Error> {
    let days = match date {
        Some(date) => vec![blob_name::listing_prefix(date, "")],
        None => container.groups("").await?,
    };
    let mut sums = ServiceSums::new(selectors);
    // A page at a time of each, so that memory does not grow with the blobs.
    let pages = futures::stream::iter(days)
        .map(|day| pages(container, day))
        .flatten_unordered(DAYS_AT_ONCE);
    let mut pages = std::pin::pin!(pages);
    while let Some(page) = pages.try_next().await? {
        page.iter().for_each(|blob| sums.add(blob));
    }
    Ok(sums.into_rows())
}

/// The pages of all blobs whose names begin so.
fn pages(
    container: &Container,
    prefix: String,
) -> impl futures::Stream<Item = Result<Vec<BlobProperties>, storage::Error>> + use<'_> {
    // The place where the next page begins, which the first one has not.
    let stream = futures::stream::try_unfold(Some(None), move |next: Option<Option<String>>| {
        let prefix = prefix.clone();
        async move {
            let Some(next) = next else {
                return Ok(None);
            };
            let page = container.page(&prefix, next).await?;
            Ok(Some((page.blobs, page.next.map(Some))))
        }
    });
    Box::pin(stream)
}
