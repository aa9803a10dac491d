//! What every handler can reach.

use crate::long_lists::LongLists;
use crate::sample_body::{BodyRoom, SampleBodyLimits};
use flightdeck_auth::{AllowList, PublicKey, TokenVerifier, TrustedProxies};
use flightdeck_service::Services;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of a request body at most, unless configured otherwise.
const REQUEST_BODY_LIMIT_BYTES: usize = 8 << 20;
/// How long a client may take to send a body, as other servers of the field have it for answers.
const REQUEST_BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// What the HTTP layer is made of. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The use cases.
    pub services: Services,
    /// Checks tokens.
    pub verifier: Arc<TokenVerifier>,
    /// Who may use `/api`, by address.
    pub allowed_addresses: Arc<AllowList>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Arc<TrustedProxies>,
    /// Whether a token's user has to be in the user table, whose roles then count instead of the token's.
    pub validate_user: bool,
    /// Bytes of a request body at most, packed and unpacked.
    pub request_body_limit_bytes: usize,
    /// How long bodies of samples may be.
    pub sample_body_limits: SampleBodyLimits,
    /// What the bodies of samples take that are there now.
    pub sample_body_room: BodyRoom,
    /// How long a client may take to send a body.
    pub request_body_timeout: Duration,
    /// The long lists under way.
    pub long_lists: LongLists,
    /// Whether clients talk TLS to this server, so that they can be told to stay with it.
    pub tls: bool,
}

impl AppState {
    /// A state that serves these use cases to whoever has a token of this key: from any address, believing no
    /// proxy and the token's own roles, with bodies of up to 8 MiB,
    /// and the usual limits for samples.
    #[must_use]
    pub fn new(services: Services, public_key: PublicKey) -> Self {
        Self {
            services,
            verifier: Arc::new(TokenVerifier::new(public_key)),
            allowed_addresses: Arc::new(AllowList::everybody()),
            trusted_proxies: Arc::new(TrustedProxies::default()),
            validate_user: false,
            request_body_limit_bytes: REQUEST_BODY_LIMIT_BYTES,
            sample_body_limits: SampleBodyLimits::default(),
            sample_body_room: BodyRoom::default(),
            request_body_timeout: REQUEST_BODY_TIMEOUT,
            long_lists: LongLists::default(),
            tls: false,
        }
    }
}
