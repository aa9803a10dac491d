//! `GET /api/clusters/`

use crate::access::ApiAccess;
use crate::answer::json;
use crate::error::ApiError;
use crate::query::QueryPairs;
use crate::responses::{InvalidErrors, TokenErrors};
use crate::schema::{ClusterBody, ClustersBody};
use crate::state::AppState;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

/// Lists the clusters with their metrics, subclusters and topology.
#[utoipa::path(
    tag = "admin API",
    params(("cluster" = Option<String>, Query, description = "Only the cluster of this name", example = "aurora")),
    responses(
        (status = 200, description = "The clusters in the order of their names", body = ClustersBody),
        InvalidErrors, TokenErrors
    )
)]
#[get("/api/clusters/")]
pub(crate) async fn list(
    ApiAccess(principal): ApiAccess,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let pairs = QueryPairs::of(&request)?;
    let clusters = state.services.list_clusters(&principal, pairs.first("cluster"))?;
    let bodies = clusters.iter().map(|cluster| ClusterBody::from(cluster.as_ref())).collect();
    Ok(json(super::json_line(&ClustersBody { clusters: bodies })?))
}
