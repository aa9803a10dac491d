//! `POST`, `PUT` and `GET /api/nodestate/`

use crate::access::{ApiAccess, RequestOrigin};
use crate::answer::json;
use crate::blocking::blocking;
use crate::body::LimitedBody;
use crate::error::ApiError;
use crate::query::QueryPairs;
use crate::responses::{BodyErrors, InvalidErrors, StorageErrors, TokenErrors};
use crate::schema::writing::{NodeBody, NodesBody, NodesReportedBody};
use crate::state::AppState;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, route};
use flightdeck_model::NodeStatesBody;
use flightdeck_service::Caller;

/// Stores what the nodes of a cluster are doing. Unknown hosts and clusters are named in the answer.
///
/// An entry that makes no sense costs the others nothing: these are stored, and the answer, 400, names the first such
/// entry.
#[utoipa::path(
    tag = "admin API",
    request_body(content = NodeStatesBody, description = "The cluster and its nodes"),
    responses(
        (status = 200, description = "The states of the known nodes are stored", body = NodesReportedBody),
        InvalidErrors, BodyErrors, StorageErrors, TokenErrors
    )
)]
#[route("/api/nodestate/", method = "POST", method = "PUT")]
pub(crate) async fn report(
    ApiAccess(principal): ApiAccess,
    origin: RequestOrigin,
    state: Data<AppState>,
    body: LimitedBody,
) -> Result<HttpResponse, ApiError> {
    store(&origin.caller(principal), &state, body.node_states()?).await
}

/// Stores a report, and tells what became of it.
pub(super) async fn store(
    caller: &Caller,
    state: &AppState,
    states: NodeStatesBody,
) -> Result<HttpResponse, ApiError> {
    let reported = state.services.report_nodes(caller, states).await?;
    if let Some((field, reason)) = reported.first_odd {
        let (odd, stored) = (reported.odd, reported.stored);
        return Err(ApiError::invalid(field, format!("{reason}; odd entries: {odd}, stored: {stored}")));
    }
    let msg = if reported.cluster_is_known {
        format!("stored the states of {} nodes", reported.stored)
    } else {
        "this cluster is not configured: nothing is stored".to_owned()
    };
    Ok(json(super::json_line(&NodesReportedBody { msg, unknown: reported.unknown })?))
}

/// Shows what the nodes were last said to be doing.
#[utoipa::path(
    tag = "admin API",
    params(("cluster" = Option<String>, Query, description = "Only the nodes of this cluster", example = "aurora")),
    responses(
        (status = 200, description = "The nodes by cluster and name", body = NodesBody),
        InvalidErrors, TokenErrors
    )
)]
#[get("/api/nodestate/")]
pub(crate) async fn current(
    ApiAccess(principal): ApiAccess,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let cluster = QueryPairs::of(&request)?.first("cluster").map(str::to_owned);
    let body = blocking(move || {
        let nodes = state.services.current_nodes(&principal, cluster.as_deref())?;
        super::json_line(&NodesBody { nodes: nodes.into_iter().map(NodeBody::from).collect() })
    });
    Ok(json(body.await?))
}
