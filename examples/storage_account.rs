//! Where the logs of an environment are, as the configuration of this machine says:
//! `cargo run --example storage_account -- cp2 P1`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of its own, with nothing but text to show"
)]

use std::{env, process::ExitCode};

use clp::config::{Config, Error};

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let (Some(subscription), Some(environment)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: storage_account SUBSCRIPTION ENVIRONMENT");
        return ExitCode::from(2);
    };
    match show(&subscription, &environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            if let Some(hint) = error.hint() {
                eprintln!("hint: {hint}");
            }
            ExitCode::from(3)
        }
    }
}

fn show(subscription: &str, environment: &str) -> Result<(), Error> {
    let config = Config::load()?;
    let account = config.storage_account(subscription, environment)?;
    println!("environment {}", account.environment);
    println!("account     {}", account.account_name);
    println!("container   {}", account.container);
    // Secrets print masked, whoever prints them.
    println!("access      {:?}", account.access);
    Ok(())
}
