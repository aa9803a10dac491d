//! Who may enter where, as types: a handler that takes one of these cannot be reached without it.
//!
//! | type | admits tokens with |
//! |---|---|
//! | [`ApiAccess`] | exactly `api`, or `admin` and `api`; from an allowed address |
//! | [`ApiAdminAccess`] | as [`ApiAccess`]; without `admin` the answer is 403 |
//! | [`UserApiAccess`] | exactly `api`, or `api` and one of `user`, `manager`, `support`, `admin` |
//! | [`IngestAccess`] | `ingest`; exactly `api`; or `api` and one of `user`, `manager`, `admin` |
//! | [`StoreAccess`] | exactly `api`, or `api` and one of `user`, `manager`, `admin`; from an allowed address |
//!
//! A token with `ingest` alone gets through the door of [`IngestAccess`] and no other. Whoever is not admitted gets 401, whatever the reason.

use crate::blocking::blocking;
use crate::error::ApiError;
use crate::request_log::RequestId;
use crate::state::AppState;
use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use flightdeck_auth::{bearer_token, client_address};
use flightdeck_model::{Principal, Role, Roles};
use flightdeck_service::{Caller, ServiceError};
use futures_util::future::LocalBoxFuture;
use std::future::{Ready, ready};
use std::net::IpAddr;

const X_AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

const WRONG_ROLES: &str = "the roles of this token do not allow this";
const WRONG_ADDRESS: &str = "requests from this address are not allowed";
const UNKNOWN_USER: &str = "the user of this token does not exist";

/// Somebody who may use the admin API.
#[derive(Debug)]
pub struct ApiAccess(pub Principal);

/// Somebody who may use the admin API and is an administrator.
#[derive(Debug)]
pub struct ApiAdminAccess(pub Principal);

/// Somebody who may use the user API.
#[derive(Debug)]
pub struct UserApiAccess(pub Principal);

/// Somebody who may store samples, from any address: the nodes of a cluster send them.
#[derive(Debug)]
pub struct IngestAccess(pub Principal);

/// Somebody who may look into the metric store, and drop samples.
#[derive(Debug)]
pub struct StoreAccess(pub Principal);

/// Where a request comes from and what it is called in the log, for the audit log. Admits everybody: it stands
/// beside one of the types above.
#[derive(Debug, Clone)]
pub struct RequestOrigin {
    address: String,
    request_id: String,
}

impl RequestOrigin {
    /// Somebody who asks for a change by this request.
    pub(crate) fn caller(self, principal: Principal) -> Caller {
        Caller { principal, address: self.address, request_id: self.request_id }
    }
}

impl FromRequest for RequestOrigin {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(state_of(request).map(|state| {
            let address = client(state, request).map(|address| address.to_string()).unwrap_or_default();
            let request_id = request.extensions().get::<RequestId>().map(|RequestId(id)| id.clone());
            Self { address, request_id: request_id.unwrap_or_default() }
        }))
    }
}

impl FromRequest for ApiAccess {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { admit_to_api(&request).await.map(Self) })
    }
}

impl FromRequest for ApiAdminAccess {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let principal = admit_to_api(&request).await?;
            if !principal.roles.has(Role::Admin) {
                return Err(ApiError::Forbidden("only the role admin may do this"));
            }
            Ok(Self(principal))
        })
    }
}

impl FromRequest for UserApiAccess {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { authenticate(state_of(&request)?, &request, may_use_user_api).await.map(Self) })
    }
}

impl FromRequest for IngestAccess {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { authenticate(state_of(&request)?, &request, may_ingest).await.map(Self) })
    }
}

impl FromRequest for StoreAccess {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state = state_of(&request)?;
            check_address(state, &request)?;
            authenticate(state, &request, may_change_samples).await.map(Self)
        })
    }
}

fn may_use_api(roles: Roles) -> bool {
    roles.is_exactly(Role::Api) || (roles.has(Role::Api) && roles.has(Role::Admin))
}

fn may_use_user_api(roles: Roles) -> bool {
    const PERSONS: [Role; 4] = [Role::User, Role::Manager, Role::Support, Role::Admin];
    roles.is_exactly(Role::Api) || (roles.has(Role::Api) && roles.has_any(&PERSONS))
}

fn may_change_samples(roles: Roles) -> bool {
    const PERSONS: [Role; 3] = [Role::User, Role::Manager, Role::Admin];
    roles.is_exactly(Role::Api) || (roles.has(Role::Api) && roles.has_any(&PERSONS))
}

fn may_ingest(roles: Roles) -> bool {
    roles.has(Role::Ingest) || may_change_samples(roles)
}

async fn admit_to_api(request: &HttpRequest) -> Result<Principal, ApiError> {
    let state = state_of(request)?;
    check_address(state, request)?;
    authenticate(state, request, may_use_api).await
}

fn state_of(request: &HttpRequest) -> Result<&AppState, ApiError> {
    let state = request.app_data::<Data<AppState>>();
    state.map(Data::get_ref).ok_or(ApiError::Stopping)
}

fn check_address(state: &AppState, request: &HttpRequest) -> Result<(), ApiError> {
    if state.allowed_addresses.allows_all() {
        return Ok(());
    }
    match client(state, request) {
        Some(address) if state.allowed_addresses.allows(address) => Ok(()),
        _ => Err(ApiError::NotAdmitted(WRONG_ADDRESS)),
    }
}

/// The address of the client, as far as the proxies in between are believed.
fn client(state: &AppState, request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?;
    let forwarded = request.headers().get_all(X_FORWARDED_FOR).filter_map(|value| value.to_str().ok());
    Some(client_address(peer.ip(), forwarded, &state.trusted_proxies))
}

/// Who asks, if they have roles that are admitted. Whoever's token says that they have not is refused at once: their
/// account is not looked up, and nothing of their body is read meanwhile.
async fn authenticate(
    state: &AppState,
    request: &HttpRequest,
    admits: fn(Roles) -> bool,
) -> Result<Principal, ApiError> {
    let headers = request.headers();
    let token = bearer_token(text(headers, &X_AUTH_TOKEN), text(headers, &AUTHORIZATION))?;
    let verified = state.verifier.verify(token, state.services.clock().now())?;
    if !state.validate_user && !admits(verified.roles) {
        return Err(ApiError::NotAdmitted(WRONG_ROLES));
    }
    if !state.validate_user && !verified.roles.has(Role::Manager) {
        return Ok(Principal { username: verified.username, roles: verified.roles, projects: Vec::new() });
    }
    let users = state.services.users().clone();
    let username = verified.username.clone();
    let account = blocking(move || users.find_user(&username).map_err(ServiceError::from)).await?;
    match account {
        Some(user) if state.validate_user && !admits(user.roles) => Err(ApiError::NotAdmitted(WRONG_ROLES)),
        Some(user) if state.validate_user => {
            Ok(Principal { username: user.username, roles: user.roles, projects: user.projects })
        }
        None if state.validate_user => Err(ApiError::NotAdmitted(UNKNOWN_USER)),
        account => Ok(Principal {
            username: verified.username,
            roles: verified.roles,
            projects: account.map(|user| user.projects).unwrap_or_default(),
        }),
    }
}

/// A header's text; `None` when it is absent or not text, which no token is.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
