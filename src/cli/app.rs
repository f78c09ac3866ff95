//! What a command has at hand: the flags, the configuration, and the way to storage and Kafka that they describe.

use std::{cell::OnceCell, path::Path};

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use super::{
    GlobalArgs, Output,
    blob_names::{NamesFile, SeenNames},
    logging, output,
};
use crate::{
    config::{
        self, AccountAccess, Brokers, Config, Environment, Keyring, Loaded, Overrides, RetryStrategy, StorageAccount,
    },
    domain::EnvironmentId,
    kafka::{Connection, EMBEDDED, EmbeddedBroker},
    storage::{Container, Credential, Location, ReadOptions, RetryPolicy, Strategy},
};

pub struct App {
    global: GlobalArgs,
    environment: Environment,
    loaded: OnceCell<Loaded>,
    stop: CancellationToken,
    /// Of the commands that note the names of the blobs that they list.
    seen_names: Option<SeenNames>,
}

/// A connection, and the embedded broker behind it if that was asked for.
pub struct Kafka {
    pub connection: Connection,
    _embedded: Option<EmbeddedBroker>,
}

/// Partitions of each topic of the embedded broker.
const EMBEDDED_PARTITIONS: i32 = 2;

impl App {
    /// Starts logging; the configuration is read when it is first asked for.
    pub fn start(global: GlobalArgs) -> Self {
        logging::start(&global);
        Self::silent(global)
    }

    /// Without a log, whatever there is to tell.
    pub fn silent(global: GlobalArgs) -> Self {
        Self {
            global,
            environment: Environment::of_process(),
            loaded: OnceCell::new(),
            stop: CancellationToken::new(),
            seen_names: None,
        }
    }

    /// Notes the names of all blobs that are listed from now on, for completion.
    pub fn note_names(&mut self) {
        self.seen_names = Some(SeenNames::default());
    }

    /// Keeps the names that were noted.
    pub fn keep_names(&self) {
        if let Some(seen) = &self.seen_names {
            seen.keep();
        }
    }

    /// Another, of this configuration file alone: neither flags nor environment variables change what stands in it.
    pub fn with_configuration(&self, file: &Path) -> Self {
        Self {
            global: GlobalArgs {
                config: Some(file.to_owned()),
                brokers: None,
                properties: Vec::new(),
                ..self.global.clone()
            },
            environment: Environment::default(),
            loaded: OnceCell::new(),
            stop: CancellationToken::new(),
            seen_names: None,
        }
    }

    /// Cancelled when what runs is to come to its end: by the commands that catch signals.
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    pub fn output(&self) -> Output {
        Output::stdout()
    }

    /// Whether to colour what goes to standard output.
    pub fn use_color(&self) -> bool {
        output::use_color(self.global.color, &std::io::stdout())
    }

    /// Whether to colour questions.
    pub fn use_color_on_stderr(&self) -> bool {
        output::use_color(self.global.color, &std::io::stderr())
    }

    /// Whether to leave out what only entertains.
    pub fn is_quiet(&self) -> bool {
        self.global.quiet > 0
    }

    pub fn overrides(&self) -> Overrides {
        Overrides {
            config_path: self.global.config.clone(),
            brokers: self.global.brokers.clone(),
            properties: self.global.properties.clone(),
        }
    }

    /// The configuration with where it came from. Its warnings are logged once.
    pub fn loaded(&self) -> anyhow::Result<&Loaded> {
        if let Some(loaded) = self.loaded.get() {
            return Ok(loaded);
        }
        let loaded = Config::load_with(&self.overrides(), &self.environment)?;
        for warning in &loaded.warnings {
            tracing::warn!("{warning}");
        }
        Ok(self.loaded.get_or_init(|| loaded))
    }

    pub fn config(&self) -> anyhow::Result<&Config> {
        Ok(&self.loaded()?.config)
    }

    /// An environment's container of blobs; `container` in place of the configured one.
    pub fn container(&self, id: &EnvironmentId, container: Option<&str>) -> anyhow::Result<(Container, String)> {
        let config = self.config()?;
        let mut account = config.storage_account(&id.subscription, &id.environment)?;
        if let Some(name) = container {
            account.container = name.to_owned();
        }
        let name = account.container.clone();
        let opened = open(account, retry_policy(config))?;
        let file = || NamesFile::of(self.loaded().ok()?, &self.environment, id, container);
        Ok(match self.seen_names.clone().zip(file()) {
            Some((seen, file)) => (opened.observed(move |blobs| seen.add(&file, blobs)), name),
            None => (opened, name),
        })
    }

    /// Logs at the level that the configuration has for services, unless flags or `CLP_LOG` say otherwise.
    pub fn log_as_service(&self) -> anyhow::Result<()> {
        logging::set_level(self.config()?.monitoring.log_level);
        Ok(())
    }

    pub fn read_options(&self) -> anyhow::Result<ReadOptions> {
        let storage = &self.config()?.storage;
        Ok(ReadOptions {
            range_bytes: storage.range_bytes,
            ranges_ahead: storage.ranges_ahead as usize,
        })
    }

    /// The configured Kafka. Nothing is asked of it yet; the embedded broker is started if that is the one.
    pub fn kafka(&self) -> anyhow::Result<Kafka> {
        self.kafka_at(&self.config()?.kafka.brokers)
    }

    /// As [`App::kafka`], at other brokers.
    pub fn kafka_at(&self, brokers: &Brokers) -> anyhow::Result<Kafka> {
        Kafka::of(&self.config()?.kafka, brokers)
    }
}

impl Kafka {
    /// As a configuration says, at these brokers.
    pub fn of(config: &config::Kafka, brokers: &Brokers) -> anyhow::Result<Self> {
        let mut connection = Connection::new(brokers.to_string());
        connection.properties = config.client_properties(&Keyring::System)?;
        connection.producer = config.producer_properties(&Keyring::System)?;
        connection.consumer = config.consumer_properties(&Keyring::System)?;
        let mut embedded = None;
        if connection.brokers == EMBEDDED {
            let topics = config.topics.all().map(|(_, name)| (name, EMBEDDED_PARTITIONS));
            tracing::warn!(
                "the broker inside this process is used: it is empty, and gone with this command; kafka.brokers or --brokers \
                 names a real one"
            );
            let broker = EmbeddedBroker::start(topics)?;
            connection.brokers = broker.brokers();
            embedded = Some(broker);
        }
        Ok(Self {
            connection,
            _embedded: embedded,
        })
    }
}

/// The container of an account, for one look: a failure is told at once and not tried again.
pub fn open_once(account: StorageAccount) -> anyhow::Result<Container> {
    let once = RetryPolicy {
        max_retries: 0,
        ..RetryPolicy::default()
    };
    open(account, once)
}

fn open(account: StorageAccount, retry: RetryPolicy) -> anyhow::Result<Container> {
    let id = account.environment.clone();
    let opened = location(account).and_then(|location| Ok(Container::open(&location, retry)?));
    opened.with_context(|| format!("environment {id}"))
}

fn location(account: StorageAccount) -> anyhow::Result<Location> {
    if let Some(path) = account.directory {
        return Ok(Location::Directory { path });
    }
    let credential = match account.access {
        AccountAccess::AccessKey(key) => Credential::SharedKey(key),
        AccountAccess::SasToken(token) => Credential::Sas(token),
        AccountAccess::Entra(identity) => Credential::Entra(identity),
        AccountAccess::Anonymous => Credential::Anonymous,
        AccountAccess::ConnectionString(text) => {
            let parsed = crate::storage::ConnectionString::parse(text.expose())?;
            return Ok(Location::Azure {
                account: parsed.account,
                endpoint: account.endpoint.or(parsed.endpoint),
                container: account.container,
                credential: parsed.credential,
            });
        }
    };
    Ok(Location::Azure {
        account: account.account_name,
        endpoint: account.endpoint,
        container: account.container,
        credential,
    })
}

fn retry_policy(config: &Config) -> RetryPolicy {
    let handling = &config.error_handling;
    RetryPolicy {
        max_retries: handling.max_azure_retries,
        strategy: match handling.retry_strategy {
            RetryStrategy::Exponential => Strategy::Exponential,
            RetryStrategy::Linear => Strategy::Linear,
            RetryStrategy::Fixed => Strategy::Fixed,
        },
        max_delay: std::time::Duration::from_secs(handling.max_retry_delay),
        ..RetryPolicy::default()
    }
}
