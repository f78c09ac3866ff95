//! `clp health`.

use std::{error::Error as _, time::Duration};

use clap::Args;

use crate::cli::{App, Exit, Failure, MetricsAddress};

const EXAMPLES: &str = "Examples:
  clp health
  clp health 127.0.0.1:9401 --ready";

/// Ask a service how it is, for health checks
///
/// Exit code 0 if it is well, 1 with the reason if not. For health checks of containers, which need no other program for it. The service must have --metrics-addr.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct HealthArgs {
    /// The --metrics-addr of the service
    #[arg(value_name = "HOST:PORT", default_value = "127.0.0.1:9400")]
    address: MetricsAddress,

    /// Ask whether it does its work (/readyz), not only whether it is alive (/healthz)
    #[arg(long)]
    ready: bool,

    /// How long to wait for its answer
    #[arg(long, value_name = "SECS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
}

pub async fn run(args: HealthArgs, app: &App) -> anyhow::Result<()> {
    let address = args.address.to_ask();
    let path = if args.ready { "readyz" } else { "healthz" };
    let no_answer = |error: &reqwest::Error| {
        Failure::new(
            Exit::Failed,
            format!("no service answers at {address}: {}", reason_of(error)),
        )
        .with_hint("was the service started with this --metrics-addr")
    };
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(args.timeout))
        .build();
    let asked = client.map_err(|error| no_answer(&error))?;
    let asked = asked.get(format!("http://{address}/{path}")).send().await;
    let answer = asked.map_err(|error| no_answer(&error))?;
    let status = answer.status();
    let said = answer.text().await.map_err(|error| no_answer(&error))?;
    if !status.is_success() {
        return Err(Failure::new(Exit::Failed, format!("{address}: {}", said.trim())).into());
    }
    let mut output = app.output();
    output.line(said.trim())?;
    Ok(output.flush()?)
}

/// The innermost cause; those around it name the URL once more.
fn reason_of(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".to_owned();
    }
    let mut reason = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        reason = cause.to_string();
        next = cause.source();
    }
    reason
}
