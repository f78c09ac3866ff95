//! `clp init-opensearch`.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;

use crate::{
    cli::{App, Column, Failure, Format, table},
    opensearch::{Client, Login, Object, Server, State},
    secret::Secret,
};

const EXAMPLES: &str = "Examples:
  clp init-opensearch --url http://localhost:9200
  clp init-opensearch --url https://search.example.com --user clp --password-file ./password --dry-run";

/// Put the index template for extracted records into OpenSearch
///
/// And the ingest pipeline that it names. Changes nothing that exists, but with --force. Indexes that exist keep what they were made with.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct InitOpensearch {
    /// Where OpenSearch is [env: OPENSEARCH_URL] [default: http://localhost:9200]
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// User, with the password in OPENSEARCH_PASSWORD or --password-file [env: OPENSEARCH_USER]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,

    /// A file that holds the password and nothing else [env: OPENSEARCH_PASSWORD_FILE]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,

    /// Certificates (PEM) of authorities to trust beside the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// How long to wait for a server that does not answer yet
    #[arg(long, value_name = "SECS", default_value_t = 10)]
    wait: u64,

    /// Put ours in the place of what differs
    #[arg(long)]
    force: bool,

    /// Show what would be done
    #[arg(long)]
    dry_run: bool,

    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t)]
    format: Format,
}

const DEFAULT_URL: &str = "http://localhost:9200";

#[derive(serde::Serialize)]
struct Row {
    kind: &'static str,
    name: &'static str,
    result: &'static str,
    differences: Vec<String>,
}

/// What is to be done about an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    puts: bool,
    /// How it is told, once done.
    result: &'static str,
}

pub async fn run(args: InitOpensearch, app: &App) -> anyhow::Result<()> {
    let client = args.client(|name| std::env::var(name).ok())?;
    let mut rows = Vec::new();
    for object in Object::ALL {
        let state = client.state(object).await?;
        let step = step(&state, args.force, args.dry_run);
        if step.puts {
            client.put(object).await?;
        }
        let differences = match state {
            State::Different(differences) => differences,
            State::Missing | State::Same => Vec::new(),
        };
        rows.push(Row {
            kind: object.kind,
            name: object.name,
            result: step.result,
            differences,
        });
    }
    print(app, args.format, &rows)?;
    if rows.iter().any(|row| row.result == DIFFERS.result) {
        tracing::warn!("what OpenSearch has is not what this clp would put there; --force puts it");
    }
    Ok(())
}

const DIFFERS: Step = Step {
    puts: false,
    result: "differs",
};

fn step(state: &State, force: bool, dry_run: bool) -> Step {
    match (state, force) {
        (State::Same, _) => Step {
            puts: false,
            result: "exists",
        },
        (State::Different(_), false) => DIFFERS,
        (State::Missing, _) => Step {
            puts: !dry_run,
            result: if dry_run { "would be created" } else { "created" },
        },
        (State::Different(_), true) => Step {
            puts: !dry_run,
            result: if dry_run { "would be updated" } else { "updated" },
        },
    }
}

impl InitOpensearch {
    /// Takes from the environment what no flag gave. Empty variables count as not set.
    fn client(&self, variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Client> {
        let variable = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let url = self.url.clone().or_else(|| variable("OPENSEARCH_URL"));
        let server: Server = url.as_deref().unwrap_or(DEFAULT_URL).parse()?;
        let login = self.login(variable)?;
        if login.is_some() && server.is_overheard() {
            tracing::warn!("the password goes to {server} unencrypted: use https");
        }
        let authorities = match &self.ca_file {
            Some(file) => Some((file.display().to_string(), read(file)?)),
            None => None,
        };
        let authorities = authorities.as_ref().map(|(name, pem)| (name.as_str(), pem.as_slice()));
        Ok(Client::new(server, login, authorities, Duration::from_secs(self.wait))?)
    }

    fn login(&self, variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Option<Login>> {
        let file = self.password_file.clone();
        let given = match (&file, variable("OPENSEARCH_PASSWORD")) {
            (None, Some(password)) => Some(Secret::new(password)),
            _ => match file.or_else(|| variable("OPENSEARCH_PASSWORD_FILE").map(PathBuf::from)) {
                Some(file) => Some(password_in(&file)?),
                None => None,
            },
        };
        match (self.user.clone().or_else(|| variable("OPENSEARCH_USER")), given) {
            (Some(user), Some(password)) => Ok(Some(Login { user, password })),
            (None, None) => Ok(None),
            (Some(user), None) => Err(Failure::configuration(format!("user {user} has no password"))
                .with_hint("set OPENSEARCH_PASSWORD, or give --password-file")
                .into()),
            (None, Some(_)) => Err(Failure::configuration("there is a password, but no user")
                .with_hint("set OPENSEARCH_USER, or give --user")
                .into()),
        }
    }
}

/// Editors and `echo` end a file with a newline, which is no part of the password.
fn password_in(file: &Path) -> anyhow::Result<Secret> {
    let bytes = read(file)?;
    let unreadable = || Failure::configuration(format!("{}: the password is no UTF-8", file.display()));
    let text = String::from_utf8(bytes).map_err(|_| unreadable())?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(Failure::configuration(format!("{} holds no password", file.display())).into()),
        password => Ok(Secret::new(password)),
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let read = fs::read(file).map_err(|error| Failure::configuration(format!("{}: {error}", file.display())));
    Ok(read?)
}

fn print(app: &App, format: Format, rows: &[Row]) -> anyhow::Result<()> {
    let mut output = app.output();
    match format {
        Format::Json => {
            for row in rows {
                output.json(row)?;
            }
        }
        Format::Text => {
            let rows = rows.iter().map(|row| {
                let differences = row.differences.join("; ");
                vec![
                    row.kind.to_owned(),
                    row.name.to_owned(),
                    row.result.to_owned(),
                    differences,
                ]
            });
            let columns = [
                Column::whole("KIND"),
                Column::whole("NAME"),
                Column::whole("RESULT"),
                Column::wrapped("DIFFERENCES"),
            ];
            output.line(table(&output, &columns, rows))?;
        }
    }
    Ok(output.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_put_unless_forced() {
        let different = State::Different(vec!["version is 2, not 1".to_owned()]);
        for (state, force, dry_run, puts, result) in [
            (State::Missing, false, false, true, "created"),
            (State::Missing, false, true, false, "would be created"),
            (State::Same, true, false, false, "exists"),
            (different.clone(), false, false, false, "differs"),
            (different.clone(), true, false, true, "updated"),
            (different, true, true, false, "would be updated"),
        ] {
            assert_eq!(step(&state, force, dry_run), Step { puts, result });
        }
    }

    fn args(user: Option<&str>, password_file: Option<&Path>) -> InitOpensearch {
        InitOpensearch {
            url: None,
            user: user.map(str::to_owned),
            password_file: password_file.map(Path::to_owned),
            ca_file: None,
            wait: 0,
            force: false,
            dry_run: false,
            format: Format::Text,
        }
    }

    #[test]
    fn a_login_has_both_its_parts() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "of the file\n").unwrap();
        let path = file.path().to_str().unwrap();
        let login = |args: &InitOpensearch, variables: &[(&str, &str)]| {
            let value = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            let login = args.login(value);
            login.map(|login| login.map(|login| (login.user, login.password.expose().to_owned())))
        };
        let expected = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));

        assert_eq!(login(&args(None, None), &[]).unwrap(), None);
        let of_variables = [("OPENSEARCH_USER", "a"), ("OPENSEARCH_PASSWORD", "b")];
        assert_eq!(login(&args(None, None), &of_variables).unwrap(), expected("a", "b"));
        let of_file = [("OPENSEARCH_USER", "a"), ("OPENSEARCH_PASSWORD_FILE", path)];
        assert_eq!(
            login(&args(None, None), &of_file).unwrap(),
            expected("a", "of the file")
        );
        // Flags win.
        let flags = args(Some("c"), Some(file.path()));
        assert_eq!(login(&flags, &of_variables).unwrap(), expected("c", "of the file"));

        let error = login(&args(Some("c"), None), &[]).unwrap_err().to_string();
        assert!(error.contains("user c has no password"), "{error}");
        let error = login(&args(None, Some(file.path())), &[]).unwrap_err().to_string();
        assert!(error.contains("no user"), "{error}");
        fs::write(file.path(), "\n").unwrap();
        let error = login(&flags, &[]).unwrap_err().to_string();
        assert!(error.contains("holds no password"), "{error}");
    }
}
