//! `clp list-blobs`.

use std::num::NonZeroUsize;

use clap::{Args, ValueEnum};
use tokio::sync::mpsc;

use super::selection::EnvironmentSelection;
use crate::{
    cli::{App, Output, Parts, human_size, to_stderr},
    domain::{BlobName, Date, EnvironmentId, Selector, Selectors, blob_name},
    storage::{self, BlobProperties, Container},
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
    #[arg(long, value_name = "N")]
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

#[derive(serde::Serialize)]
struct Row<'a> {
    subscription: &'a str,
    environment: &'a str,
    container: &'a str,
    name: &'a str,
    size: u64,
    last_modified: jiff::Timestamp,
    created: Option<jiff::Timestamp>,
    service: Option<&'a str>,
    date: Option<Date>,
    pod: Option<&'a str>,
    /// Whether the name has the form of log blobs.
    parsed: bool,
}

/// Pages of an environment that may wait to be shown.
const PAGES_AHEAD: usize = 2;

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
    let mut parts = Parts::of("environments");
    for (environment, listing) in listings {
        let result = match listing {
            Ok((mut pages, container)) => printer.print(&environment, &container, &mut pages).await,
            Err(error) => Err(error),
        };
        parts.note(result)?;
    }
    printer.finish()?;
    parts.into_result()
}

/// What to list, and in which order.
#[derive(Clone)]
struct Plan {
    prefix: String,
    /// The prefix ends inside a day: there is nothing to order by day.
    one_day: bool,
    selector: Option<Selector>,
    sort: Option<Sort>,
    max: usize,
}

type Pages = mpsc::Receiver<Result<Vec<BlobProperties>, storage::Error>>;

impl Plan {
    fn new(args: &ListBlobs, selectors: &Selectors) -> Self {
        let selector = args.service.as_deref().map(|service| selectors.resolve(service));
        let pod_prefix = selector.as_ref().map_or("", |selector| selector.pod_prefix.as_str());
        let prefix = match (args.date, &args.prefix) {
            (Some(date), _) => blob_name::listing_prefix(date, pod_prefix),
            (None, Some(prefix)) => prefix.clone(),
            (None, None) => String::new(),
        };
        Self {
            one_day: args.date.is_some() || prefix.contains('.'),
            prefix,
            selector,
            sort: args.sort,
            max: args.max_per_env.map_or(usize::MAX, NonZeroUsize::get),
        }
    }

    /// Lists in the background; each message is a piece of the ordered list.
    fn start(self, container: Container) -> Pages {
        let (sender, receiver) = mpsc::channel(PAGES_AHEAD);
        tokio::spawn(async move {
            if let Err(error) = self.list(&container, &sender).await {
                // Nobody listens any more: the list is not wanted.
                let _ = sender.send(Err(error)).await;
            }
        });
        receiver
    }

    async fn list(
        &self,
        container: &Container,
        sender: &mpsc::Sender<Result<Vec<BlobProperties>, storage::Error>>,
    ) -> Result<(), storage::Error> {
        let groups = match self.one_day {
            true => vec![self.prefix.clone()],
            false => {
                let mut groups = container.groups(&self.prefix).await?;
                if self.sort != Some(Sort::Name) {
                    groups.sort_by(|a, b| day_of(b).cmp(&day_of(a)).then_with(|| a.cmp(b)));
                }
                groups
            }
        };
        let mut left = self.max;
        let mut kept = Vec::new();
        for group in groups {
            let mut blobs = Vec::new();
            let mut next = None;
            loop {
                let page = container.page(&self.narrow(&group), next).await?;
                blobs.extend(page.blobs.into_iter().filter(|blob| self.wants(blob)));
                next = page.next;
                if self.sort == Some(Sort::Name) && !blobs.is_empty() {
                    blobs.truncate(left);
                    left -= blobs.len();
                    if sender.send(Ok(std::mem::take(&mut blobs))).await.is_err() {
                        return Ok(());
                    }
                }
                if next.is_none() || left == 0 {
                    break;
                }
            }
            match self.sort {
                Some(Sort::Name) => {}
                Some(sort) => {
                    kept.append(&mut blobs);
                    // Twice the rows that are wanted is all that is ever held.
                    if kept.len() / 2 >= self.max {
                        order(&mut kept, sort);
                        kept.truncate(self.max);
                    }
                }
                None => {
                    order(&mut blobs, Sort::Modified);
                    blobs.truncate(left);
                    left -= blobs.len();
                    if !blobs.is_empty() && sender.send(Ok(blobs)).await.is_err() {
                        return Ok(());
                    }
                }
            }
            if left == 0 {
                return Ok(());
            }
        }
        if let Some(sort) = self.sort
            && !kept.is_empty()
        {
            order(&mut kept, sort);
            kept.truncate(self.max);
            let _ = sender.send(Ok(kept)).await;
        }
        Ok(())
    }

    /// A day's prefix with the service's pods only.
    fn narrow(&self, group: &str) -> String {
        match (&self.selector, day_of(group)) {
            (Some(selector), Some(_)) if group.ends_with('.') => format!("{group}{}", selector.pod_prefix),
            _ => group.to_owned(),
        }
    }

    fn wants(&self, blob: &BlobProperties) -> bool {
        match &self.selector {
            None => true,
            Some(selector) => BlobName::parse(&blob.name).is_some_and(|name| selector.matches(&name)),
        }
    }
}

/// The day in a group such as `kubernetes/20250606.`.
fn day_of(group: &str) -> Option<Date> {
    let stem = group.rsplit('/').next()?;
    Date::from_compact(stem.split('.').next()?)
}

fn order(blobs: &mut [BlobProperties], sort: Sort) {
    match sort {
        Sort::Modified => blobs.sort_by(|a, b| b.last_modified.cmp(&a.last_modified).then_with(|| a.name.cmp(&b.name))),
        Sort::Size => blobs.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.name.cmp(&b.name))),
        Sort::Name => blobs.sort_by(|a, b| a.name.cmp(&b.name)),
    }
}

struct Printer<'a> {
    output: Output,
    csv: Option<csv::Writer<Vec<u8>>>,
    format: Format,
    selectors: &'a Selectors,
    headed: bool,
    environments: usize,
    blobs: u64,
    bytes: u64,
}

impl<'a> Printer<'a> {
    fn new(output: Output, format: Format, selectors: &'a Selectors) -> Self {
        Self {
            output,
            csv: (format == Format::Csv).then(|| csv::Writer::from_writer(Vec::new())),
            format,
            selectors,
            headed: false,
            environments: 0,
            blobs: 0,
            bytes: 0,
        }
    }

    async fn print(&mut self, environment: &EnvironmentId, container: &str, pages: &mut Pages) -> anyhow::Result<()> {
        while let Some(page) = pages.recv().await {
            for blob in page? {
                self.row(&row(environment, container, &blob, self.selectors))?;
            }
            self.output.flush()?;
        }
        self.environments += 1;
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>) -> anyhow::Result<()> {
        self.blobs += 1;
        self.bytes += row.size;
        match self.format {
            Format::Json => self.output.json(row)?,
            Format::Name => self.output.line(row.name)?,
            Format::Csv => {
                if let Some(csv) = &mut self.csv {
                    csv.serialize(row)?;
                    csv.flush()?;
                    let written = std::mem::replace(
                        csv,
                        csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new()),
                    );
                    self.output.bytes(&written.into_inner()?)?;
                }
            }
            Format::Table => self.table_row(row)?,
        }
        Ok(())
    }

    fn table_row(&mut self, row: &Row<'_>) -> std::io::Result<()> {
        if self.output.is_terminal && !self.headed {
            self.headed = true;
            self.output.line(format!(
                "{:20}  {:>10}  {:12}  {:21}  {}",
                "LAST MODIFIED", "SIZE", "ENVIRONMENT", "SERVICE", "NAME"
            ))?;
        }
        let environment = format!("{}/{}", row.subscription, row.environment);
        let size = self.output.size(row.size);
        let service = row.service.unwrap_or("-");
        let modified = row.last_modified.strftime("%Y-%m-%dT%H:%M:%SZ");
        self.output.line(format!(
            "{modified:20}  {size:>10}  {environment:12}  {service:21}  {}",
            row.name
        ))
    }

    fn finish(mut self) -> anyhow::Result<()> {
        self.output.flush()?;
        if self.environments == 0 {
            // Nothing was listed: the error says why.
            return Ok(());
        }
        let plural = |count: u64, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
        to_stderr(&format!(
            "{}, {} ({} bytes) in {}",
            plural(self.blobs, "blob", "blobs"),
            human_size(self.bytes),
            self.bytes,
            plural(self.environments as u64, "environment", "environments"),
        ));
        Ok(())
    }
}

fn row<'a>(
    environment: &'a EnvironmentId,
    container: &'a str,
    blob: &'a BlobProperties,
    selectors: &'a Selectors,
) -> Row<'a> {
    let parsed = BlobName::parse(&blob.name);
    Row {
        subscription: &environment.subscription,
        environment: &environment.environment,
        container,
        name: &blob.name,
        size: blob.size,
        last_modified: blob.last_modified,
        created: blob.created,
        service: selectors.of_blob(&blob.name).map(|selector| selector.name.as_str()),
        date: parsed.map(|name| name.date),
        pod: parsed.map(|name| name.pod),
        parsed: parsed.is_some(),
    }
}
