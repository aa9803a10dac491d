//! `GET /openapi.json` and the pages under `/swagger/` that show it. Nothing is loaded from elsewhere.

use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The description and its pages.
pub(crate) fn swagger_ui(description: OpenApi) -> SwaggerUi {
    let config = Config::from("/openapi.json").try_it_out_enabled(true).validator_url("none");
    SwaggerUi::new("/swagger/{_:.*}").url("/openapi.json", description).config(config)
}
