//! `GET /openapi.json` and the pages under `/swagger/` that show it. Nothing is loaded from elsewhere.

use crate::openapi::openapi;
use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, Responder, get};
use bytes::Bytes;
use std::sync::LazyLock;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Made when it is asked for first: few servers are ever asked.
static DESCRIPTION: LazyLock<Bytes> = LazyLock::new(|| {
    // What it is made of can always be written as JSON.
    Bytes::from(openapi().to_json().unwrap_or_default())
});

/// The description of the API.
#[get("/openapi.json")]
pub(crate) async fn description() -> impl Responder {
    HttpResponse::Ok().content_type(ContentType::json()).body(DESCRIPTION.clone())
}

/// The pages that show the description.
pub(crate) fn swagger_ui() -> SwaggerUi {
    let config = Config::from("/openapi.json").try_it_out_enabled(true).validator_url("none");
    SwaggerUi::new("/swagger/{_:.*}").config(config)
}
