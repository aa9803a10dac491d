//! What no route takes: 405 where another method would do, else 404, both without a token and as JSON.

use super::{ROUTES, Route};
use crate::error::ApiError;
use actix_web::{HttpRequest, HttpResponse};

/// Answers a request that no route takes.
pub(crate) async fn no_such_route(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    // A path of its own goes before one with an id in the same place.
    let of_its_own = |route: &&Route| route.path == request.path();
    let matching = |route: &&Route| path_matches(route.path, request.path());
    let mut allowed: Vec<&str> = ROUTES.iter().filter(of_its_own).map(|it| it.method.as_str()).collect();
    if allowed.is_empty() {
        allowed = ROUTES.iter().filter(matching).map(|it| it.method.as_str()).collect();
    }
    if allowed.is_empty() {
        return Err(ApiError::NoSuchRoute);
    }
    Err(ApiError::Method(allowed.join(", ")))
}

fn path_matches(pattern: &str, path: &str) -> bool {
    let mut wanted = pattern.split('/');
    let mut given = path.split('/');
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(variable), Some(segment)) if variable.starts_with('{') && !segment.is_empty() => {}
            (Some(word), Some(segment)) if word == segment => {}
            _ => return false,
        }
    }
}
