//! `clp status`.

mod print;
mod watch;

use std::{cmp::Reverse, sync::Arc, time::Duration};

use clap::{Args, ValueEnum};
use tokio_util::sync::CancellationToken;

use self::{print::Printer, watch::Plan};
use super::{
    gather::{self, Selections, service_of},
    selection::EnvironmentSelection,
    services, topics,
};
use crate::{
    cli::{App, Exit, Failure, Parts, cancel_on_signal, go_on_after, screen},
    config,
    domain::Date,
    kafka::{self, Cluster, Connection},
    pipeline::{
        inventory::{self, Selection},
        status::{Row, Totals, row},
    },
};

const EXAMPLES: &str = "Examples:
  clp status --env P1
  clp status --date yesterday --service api
  clp status --env P1 --watch
  clp status --format json | jq -r 'select(.lag_bytes > 0) | .blob'";

/// Show how far each blob has come: size, ingested, lag, open or closed, last error
///
/// Storage says how large blobs are, Kafka how far they were ingested. Without --date these are all blobs that Kafka has a
/// state of, and those in storage of the days that the monitor scans. The lag is in bytes; sums per environment and service
/// come on standard error. Exit code 7 if a blob has an error, or storage can not be asked: then what Kafka knows is shown.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Status {
    #[command(flatten)]
    environments: EnvironmentSelection,

    /// Day: YYYYMMDD, YYYY-MM-DD, today, yesterday
    #[arg(short, long, value_name = "DATE")]
    date: Option<Date>,

    /// Service: its name, an alias, or the start of its pods' names
    #[arg(long, value_name = "SERVICE")]
    service: Option<String>,

    /// Show it again every so many seconds until interrupted, and end with exit code 0
    ///
    /// On a terminal it fills the screen, with lag over time, rates and errors; `?` there tells the keys.
    #[arg(
        short,
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        default_missing_value = "5",
        value_parser = clap::value_parser!(u64).range(1..=86_400)
    )]
    watch: Option<u64>,

    /// Form of the list
    #[arg(short, long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Columns, sizes rounded and names shortened on a terminal
    #[default]
    Table,
    /// One JSON object a line
    Json,
}

pub async fn run(args: Status, app: &App) -> anyhow::Result<()> {
    let selections = selections(&args, app)?;
    let kafka = app.kafka()?;
    let state_topic = state_topic(&app.config()?.kafka, &kafka.connection).await?;
    let cancel = CancellationToken::new();
    let interval = args.watch.map(Duration::from_secs);
    if let Some(interval) = interval
        && args.format == Format::Table
        && screen::can_show()
    {
        let _signals = cancel_on_signal(cancel.clone());
        let plan = plan(
            app,
            selections,
            kafka.connection.clone(),
            state_topic,
            args.date.is_none(),
        )?;
        return watch::run(plan, interval, app.use_color(), cancel).await;
    }
    let mut look = Look {
        app,
        service: args.service.as_deref(),
        selections,
        connection: kafka.connection.clone(),
        state_topic,
        printer: Printer::new(app.output(), args.format, args.watch.is_some()),
    };
    let Some(interval) = interval else {
        return look.once().await;
    };
    let _signals = cancel_on_signal(cancel.clone());
    let until_cancelled = cancel.run_until_cancelled(async {
        loop {
            if let Err(error) = look.once().await {
                go_on_after(error)?;
            }
            tokio::time::sleep(interval).await;
        }
    });
    until_cancelled.await.unwrap_or(Ok(()))
}

fn today(zone: jiff::tz::TimeZone) -> Date {
    Date::of(&jiff::Timestamp::now().to_zoned_datetime(zone))
}

fn selections(args: &Status, app: &App) -> anyhow::Result<Selections> {
    let config = app.config()?;
    let today = today(config.global.timezone.zone().clone());
    let days = match args.date {
        Some(date) => vec![date],
        None => config.date_range.dates(today),
    };
    let environments = args.environments.resolve(app)?.into_iter();
    let selections = environments.map(|environment| {
        let selection = Selection {
            days: days.clone(),
            states_of_all_days: args.date.is_none(),
            services: gather::services(config, &environment, args.service.as_deref()),
            services_are_named: args.service.is_some(),
        };
        (environment, selection)
    });
    Ok(selections.collect())
}

/// What a full screen shows. `follows_days`: tomorrow, other days are to be listed.
fn plan(
    app: &App,
    selections: Selections,
    connection: Connection,
    state_topic: (String, u32),
    follows_days: bool,
) -> anyhow::Result<Plan> {
    let config = app.config()?;
    let containers = selections.keys().map(|id| {
        let opened = app.container(id, None).map(|(container, _)| container);
        (id.clone(), opened.map_err(|error| watch::in_a_line(&error)))
    });
    let (range, zone) = (config.date_range.clone(), config.global.timezone.zone().clone());
    let days = move || range.dates(today(zone.clone()));
    Ok(Plan {
        days: follows_days.then(|| Arc::new(days) as Arc<_>),
        containers: containers.collect(),
        connection,
        state_topic,
        selectors: config.selectors(),
        selections,
    })
}

/// The topic of the states with its partition count. Answers within seconds, or fails.
async fn state_topic(config: &config::Kafka, connection: &Connection) -> anyhow::Result<(String, u32)> {
    let connection = connection.clone();
    let cluster = kafka::blocking(move || Cluster::connect(&connection)).await?;
    let topic = &config.topics.blob_state;
    let counts = topics::partitions(&cluster, &[topic], config)?;
    Ok((topic.clone(), counts[0]))
}

/// What one look at everything needs.
struct Look<'a> {
    app: &'a App,
    service: Option<&'a str>,
    selections: Selections,
    connection: Connection,
    state_topic: (String, u32),
    printer: Printer,
}

impl Look<'_> {
    async fn once(&mut self) -> anyhow::Result<()> {
        // Kafka is a part of its own: with it alone, some of the whole is still shown, and each failure is told as it comes.
        let mut parts = Parts::of(self.selections.len() + 1, "sources");
        // In this order: the list is then never older than a state, which would make a blob look as if it had shrunk.
        let states = gather::states(&self.connection, &self.state_topic, &self.selections).await?;
        let listed = gather::list(self.app, &self.selections, &mut parts).await?;
        let is_listed = |environment, name: &str| {
            let selection = self.selections.get(environment);
            listed.contains_key(environment) && selection.is_some_and(|selection| selection.wants(name))
        };
        let stored = listed.iter().flat_map(|(environment, blobs)| {
            let blobs = blobs.iter().cloned();
            blobs.map(|blob| (environment.clone(), blob))
        });
        let selectors = self.app.config()?.selectors();
        let mut rows: Vec<Row> = inventory::join(stored, states)
            .iter()
            .filter_map(|known| {
                let listed = is_listed(&known.id.environment, &known.id.name);
                row(known, service_of(&selectors, &known.id.name), listed)
            })
            .collect();
        rows.sort_by(|a, b| {
            let key = |row: &Row| Reverse(row.last_modified);
            key(a).cmp(&key(b)).then_with(|| a.blob.cmp(&b.blob))
        });
        let mut totals = Totals::default();
        rows.iter().for_each(|row| totals.add(row));
        self.printer.print(&rows, &totals)?;
        if rows.is_empty() && !listed.is_empty() {
            services::tell_nothing_of(self.service, &selectors);
        }
        let unseen: Vec<String> = self
            .selections
            .keys()
            .filter(|environment| !listed.contains_key(environment))
            .map(ToString::to_string)
            .collect();
        if !unseen.is_empty() {
            let message = format!(
                "storage of {} was not seen; what Kafka knows of it is shown",
                unseen.join(", ")
            );
            return Err(Failure::new(Exit::Partly, message).into());
        }
        match totals.overall().with_errors {
            0 => Ok(()),
            1 => Err(Failure::new(Exit::Partly, "a blob has an error").into()),
            count => Err(Failure::new(Exit::Partly, format!("{count} blobs have errors")).into()),
        }
    }
}
