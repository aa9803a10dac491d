//! `GET /api/debug` and `/api/debug/`

use crate::access::StoreAccess;
use crate::answer::json;
use crate::blocking::blocking;
use crate::error::ApiError;
use crate::query::{ContentQuery, QueryPairs, quoted};
use crate::responses::{AbsentStoreErrors, InvalidErrors, TokenErrors};
use crate::schema::samples::StoredSeriesBody;
use crate::series_tree::SeriesTree;
use crate::state::AppState;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use flightdeck_model::Principal;
use flightdeck_service::ServiceError;

/// The parameters of the store's content.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query, rename_all = "kebab-case")]
#[expect(dead_code, reason = "describes what ContentQuery reads")]
struct ContentParameters {
    /// Cluster, host, part, part below, or the first of these, with colons between them; absent: the whole store.
    #[param(example = "aurora:a0117")]
    selector: Option<String>,
    /// One more of these; repeatable, behind those of `selector`. Its name may have colons.
    #[param(example = json!(["accelerator00000000:01:00.0"]))]
    selector_part: Option<Vec<String>>,
    /// Number of the page, from 1.
    #[param(example = 1, minimum = 1)]
    page: Option<u64>,
    /// Series on a page; 1000 if absent.
    #[param(example = 1000, minimum = 1, maximum = 1000)]
    items_per_page: Option<u64>,
}

/// Shows which samples are stored, by place and metric, in pages of series.
#[utoipa::path(
    tag = "metric store",
    params(ContentParameters),
    responses(
        (status = 200, description = "A page of the store's content", body = StoredSeriesBody),
        InvalidErrors, AbsentStoreErrors, TokenErrors
    )
)]
#[get("/api/debug")]
pub(crate) async fn list(
    StoreAccess(principal): StoreAccess,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    show(principal, state, &request).await
}

/// Shows which samples are stored, as `/api/debug` does.
#[utoipa::path(
    tag = "metric store",
    params(ContentParameters),
    responses(
        (status = 200, description = "A page of the store's content", body = StoredSeriesBody),
        InvalidErrors, AbsentStoreErrors, TokenErrors
    )
)]
#[get("/api/debug/")]
pub(crate) async fn list_with_slash(
    StoreAccess(principal): StoreAccess,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    show(principal, state, &request).await
}

async fn show(
    principal: Principal,
    state: Data<AppState>,
    request: &HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let ContentQuery { path, page: wanted } = ContentQuery::read(&QueryPairs::of(request)?)?;
    let body = blocking(move || {
        let found = state.services.stored_series(&principal, &path, wanted.entries())?;
        if found.total == 0 && !path.is_empty() {
            let place = quoted(&path.join(":"));
            return Err(ServiceError::NotFound(format!("no samples are stored at or below {place}")));
        }
        let data = SeriesTree::of(found.series, path.len());
        let (items, page, total) = (wanted.items_per_page, wanted.page, found.total);
        super::json_line(&StoredSeriesBody { data, items, page, total })
    });
    Ok(json(body.await?))
}
