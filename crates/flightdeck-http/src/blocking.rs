//! The one door to work that blocks: the database and files. Request threads never block.

use crate::error::ApiError;
use actix_web::web;

/// Runs blocking work on the pool of threads for it.
pub(crate) async fn blocking<T, E, F>(work: F) -> Result<T, ApiError>
where
    F: FnOnce() -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: Into<ApiError> + Send + 'static,
{
    match web::block(work).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(ApiError::Stopping),
    }
}
