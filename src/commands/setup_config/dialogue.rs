//! The questions of `clp setup-config` on a terminal. Each answer is tried at once, and can be mended.

use std::path::Path;

use clap::ValueEnum;

use super::{
    answers::{Answers, CredentialKind, GivenSecret},
    ask::Ask,
    kafka,
    trial::{config_of, tell},
};
use crate::{
    cli::{self, App, to_stderr},
    commands::probe,
    config::Draft,
    domain::EnvironmentId,
};

/// Asks for environments and for Kafka, and puts the answers into `draft`.
pub(super) async fn run(draft: &mut Draft, target: &Path, app: &App) -> anyhow::Result<()> {
    let mut ask = Ask::begin(app.use_color_on_stderr())?;
    let known = config_of(draft)?.environments();
    to_stderr(&format!("This sets up {}, which only you can read.", target.display()));
    to_stderr("Answers are tried at once; nothing is written before the end, and Ctrl-C writes nothing.\n");
    if !known.is_empty() {
        let names: Vec<String> = known.iter().map(EnvironmentId::to_string).collect();
        to_stderr(&format!("It has {} already, and keeps what it has.", names.join(", ")));
    }
    let mut more = known.is_empty() || ask.confirm("Add an environment?", true).await?;
    while more {
        environment(&mut ask, draft).await?;
        more = ask.confirm("Add another environment?", false).await?;
    }
    kafka::run(&mut ask, draft).await
}

async fn environment(ask: &mut Ask, draft: &mut Draft) -> anyhow::Result<()> {
    let known = config_of(draft)?.environments();
    let usual = known.last().map(|id| id.subscription.clone());
    let subscription = name(ask, "Your name for the subscription, such as cp2", usual).await?;
    let environment = name(ask, "Your name for the environment, such as P1", None).await?;
    let id = EnvironmentId::new(subscription, environment);
    if known.contains(&id)
        && !ask
            .confirm(&format!("{id} is there already. Replace its account?"), false)
            .await?
    {
        return Ok(());
    }
    let mut answers = Answers::default();
    credential(ask, &mut answers).await?;
    if answers.kind != CredentialKind::Directory
        && ask.confirm("Another endpoint or container than usual?", false).await?
    {
        endpoint(ask, &mut answers).await?;
        container(ask, &mut answers).await?;
    }
    loop {
        let mut tried = draft.clone();
        tried.set_account(&id, &answers.account())?;
        to_stderr(&format!("trying {id} …"));
        match ask.wait(look(&tried, &id)).await? {
            Ok(found) => {
                to_stderr(&format!("  works: {found}"));
                *draft = tried;
                return Ok(());
            }
            Err(error) => tell(&error),
        }
        match mend(ask, &mut answers).await? {
            Mended::TryAgain => {}
            Mended::Keep => {
                *draft = tried;
                return Ok(());
            }
            Mended::LeaveOut => return Ok(()),
        }
    }
}

/// One look at an environment's container.
async fn look(draft: &Draft, id: &EnvironmentId) -> anyhow::Result<String> {
    let account = config_of(draft)?.storage_account(&id.subscription, &id.environment)?;
    let container = cli::open_once(account)?;
    let answer = probe::storage(&container).await?;
    Ok(format!(
        "{}, {}, {} ms",
        container.describe(),
        answer.found(),
        answer.latency_ms
    ))
}

enum Mended {
    TryAgain,
    Keep,
    LeaveOut,
}

async fn mend(ask: &mut Ask, answers: &mut Answers) -> anyhow::Result<Mended> {
    #[derive(Clone, Copy)]
    enum Way {
        AccountName,
        Secret,
        Credential,
        Endpoint,
        Container,
        Again,
        Keep,
        LeaveOut,
    }
    let in_azure = answers.kind != CredentialKind::Directory;
    let secret = answers.kind.secret();
    let ways: Vec<(Way, String)> = [
        (
            Way::AccountName,
            answers.kind.needs_account_name(),
            "Correct the account's name".to_owned(),
        ),
        (
            Way::Secret,
            secret.is_some(),
            format!("Correct the {}", secret.unwrap_or_default()),
        ),
        (Way::Credential, true, "Use something else to open it".to_owned()),
        (Way::Endpoint, in_azure, "Correct the endpoint".to_owned()),
        (Way::Container, in_azure, "Correct the container".to_owned()),
        (Way::Again, true, "Try again".to_owned()),
        (Way::Keep, true, "Keep it as it is".to_owned()),
        (Way::LeaveOut, true, "Leave this environment out".to_owned()),
    ]
    .into_iter()
    .filter_map(|(way, fits, text)| fits.then_some((way, text)))
    .collect();
    let texts = ways.iter().map(|(_, text)| text.clone()).collect();
    let chosen = ask.choose("What now?", texts).await?;
    match ways.get(chosen).map(|(way, _)| *way) {
        Some(Way::AccountName) => account_name(ask, answers).await?,
        Some(Way::Secret) => the_secret(ask, answers).await?,
        Some(Way::Credential) => credential(ask, answers).await?,
        Some(Way::Endpoint) => endpoint(ask, answers).await?,
        Some(Way::Container) => container(ask, answers).await?,
        Some(Way::Keep) => return Ok(Mended::Keep),
        Some(Way::LeaveOut) => return Ok(Mended::LeaveOut),
        Some(Way::Again) | None => {}
    }
    Ok(Mended::TryAgain)
}

/// What opens the account, and all that belongs to it.
async fn credential(ask: &mut Ask, answers: &mut Answers) -> anyhow::Result<()> {
    let kinds = CredentialKind::value_variants();
    let items = kinds.iter().map(|kind| kind.described()).collect();
    let chosen = ask.choose("What opens the storage account?", items).await?;
    answers.kind = kinds.get(chosen).copied().unwrap_or_default();
    if answers.kind.needs_account_name() && answers.account_name.is_none() {
        account_name(ask, answers).await?;
    }
    answers.secret = None;
    match answers.kind {
        CredentialKind::Directory => {
            let directory = ask.text("Directory with the blobs", None).await?;
            answers.directory = Some(std::path::absolute(directory)?);
        }
        CredentialKind::ClientSecret => {
            answers.tenant_id = Some(ask.text("Tenant id", answers.tenant_id.clone()).await?);
            answers.client_id = Some(
                ask.text("Client id of the application", answers.client_id.clone())
                    .await?,
            );
        }
        CredentialKind::WorkloadIdentity => {
            let by_variable = "(empty: from the variables of the pod)";
            answers.tenant_id = ask.optional(&format!("Tenant id {by_variable}"), None).await?;
            answers.client_id = ask.optional(&format!("Client id {by_variable}"), None).await?;
        }
        CredentialKind::ManagedIdentity => {
            answers.client_id = ask
                .optional("Client id (empty: the system-assigned identity)", None)
                .await?;
        }
        _ => {}
    }
    if answers.kind.secret().is_some() {
        the_secret(ask, answers).await?;
    }
    Ok(())
}

async fn account_name(ask: &mut Ask, answers: &mut Answers) -> anyhow::Result<()> {
    answers.account_name = Some(
        ask.text("Name of the storage account", answers.account_name.clone())
            .await?,
    );
    Ok(())
}

async fn the_secret(ask: &mut Ask, answers: &mut Answers) -> anyhow::Result<()> {
    if let Some(what) = answers.kind.secret() {
        let mut prompt = what.to_owned();
        prompt[..1].make_ascii_uppercase();
        answers.secret = Some(GivenSecret::Itself(ask.secret(&prompt).await?));
    }
    Ok(())
}

async fn endpoint(ask: &mut Ask, answers: &mut Answers) -> anyhow::Result<()> {
    let prompt = "Address of the blob service (empty: that of the public cloud)";
    let check = |text: &str| match text {
        "" => Ok(()),
        text if text.starts_with("https://") || text.starts_with("http://") => Ok(()),
        _ => Err("an address begins with https:// or http://".to_owned()),
    };
    let text = ask.checked(prompt, answers.endpoint.clone(), check).await?;
    answers.endpoint = Some(text).filter(|text| !text.is_empty());
    Ok(())
}

async fn container(ask: &mut Ask, answers: &mut Answers) -> anyhow::Result<()> {
    let prompt = "Container (empty: commerce-logs-separated)";
    answers.container = ask.optional(prompt, answers.container.clone()).await?;
    Ok(())
}

/// A name of the user's own, which must not hold a `/`.
async fn name(ask: &mut Ask, prompt: &str, default: Option<String>) -> anyhow::Result<String> {
    ask.checked(prompt, default, |text| match text {
        "" => Err("a name is needed".to_owned()),
        text if text.contains(['/', ':']) => Err("a name holds neither `/` nor `:`".to_owned()),
        _ => Ok(()),
    })
    .await
}
