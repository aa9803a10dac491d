//! `flightdeck token`

use crate::config::Config;
use crate::server::{issuer, open_database};
use anyhow::{Context as _, bail};
use clap::Args;
use flightdeck_model::{Clock, GoDuration, Role, Roles, SystemClock, UserRepository};

/// Whom the token is for.
#[derive(Debug, Args)]
pub(super) struct TokenArgs {
    /// Who the token speaks for
    name: String,
    /// Roles, separated by commas; by default those of the user account
    #[arg(long, value_delimiter = ',', value_name = "ROLE,…")]
    roles: Vec<Role>,
    /// How long the token is good for, for example 2000h; by default auth.jwts.max-age
    #[arg(long, value_name = "DURATION")]
    max_age: Option<GoDuration>,
}

/// Issues the token.
pub(super) fn run(config: &Config, args: &TokenArgs) -> anyhow::Result<String> {
    let mut with_age = config.clone();
    if let Some(max_age) = args.max_age {
        if max_age.as_secs_i64() < 1 {
            bail!("--max-age {max_age} is not at least one second");
        }
        with_age.auth.jwts.max_age = Some(max_age);
    }
    let issuer = issuer(&with_age)?
        .context("no key to sign with: set JWT_PRIVATE_KEY in .env (`flightdeck keygen` makes one)")?;
    let roles =
        if args.roles.is_empty() { account_roles(config, &args.name)? } else { Roles::of(&args.roles) };
    if roles.is_exactly(Role::Ingest) {
        tracing::info!("a token of the role ingest alone may store samples, and nothing else");
    } else if !roles.has(Role::Api) {
        tracing::warn!("the role api is not among the roles: the REST API will refuse this token");
    }
    Ok(issuer.issue(&args.name, roles, SystemClock.now())?)
}

fn account_roles(config: &Config, name: &str) -> anyhow::Result<Roles> {
    let account = open_database(config)?.find_user(name)?;
    let account = account.with_context(|| {
        format!("there is no user \"{name}\": say --roles, or make one with `flightdeck user add`")
    })?;
    if account.roles.is_empty() {
        bail!("user \"{name}\" has no role: say --roles, or give one with `flightdeck user role`");
    }
    Ok(account.roles)
}
