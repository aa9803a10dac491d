//! The description of the API for `/openapi.json`, made from the handlers themselves.

use crate::routes;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{License, OpenApi as Description, SecurityRequirement};
use utoipa::{Modify, OpenApi};
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "flightdeck",
        description = "Job monitoring for HPC clusters: jobs, their metrics, clusters and users.",
    ),
    tags(
        (name = "admin API", description = "For programs and administrators: tokens with the role `api` alone, or `admin` and `api`, from an allowed address."),
        (name = "user API", description = "For users: tokens with `api` and `user`, `manager`, `support` or `admin` see what that role may see; `api` alone sees all jobs."),
        (name = "metric store", description = "For collectors of samples, which come with a token of the role `ingest`, and for who looks after them."),
    ),
    modifiers(&TokenSchemes)
)]
struct Base;

struct TokenSchemes;

impl Modify for TokenSchemes {
    fn modify(&self, description: &mut Description) {
        let components = description.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let header = ApiKey::Header(ApiKeyValue::new("X-Auth-Token"));
        components.add_security_scheme("x-auth-token", SecurityScheme::ApiKey(header));
        let none: [&str; 0] = [];
        let either = ["bearer", "x-auth-token"].map(|scheme| SecurityRequirement::new(scheme, none));
        description.security = Some(either.to_vec());
    }
}

/// The description of all routes.
#[must_use]
pub fn openapi() -> Description {
    let app = actix_web::App::new().into_utoipa_app().openapi(Base::openapi());
    let (_, mut description) = app.configure(describe_routes).split_for_parts();
    description.info.license = Some(License::new("MIT"));
    name_operations(&mut description);
    description
}

/// Collects what the routes say of themselves.
fn describe_routes(config: &mut ServiceConfig<'_>) {
    routes::register(config);
}

/// Names each operation after its method and path, as `delete_api_jobs_tag_job_id`: handlers of the same name, and one
/// for several methods, would otherwise give their name to several operations.
fn name_operations(description: &mut Description) {
    for (path, item) in &mut description.paths.paths {
        let words: Vec<&str> = path.split(['/', '{', '}', '_']).filter(|word| !word.is_empty()).collect();
        let slash = if path.ends_with('/') { "_" } else { "" };
        let name = words.join("_") + slash;
        for (method, operation) in [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ] {
            if let Some(operation) = operation {
                operation.operation_id = Some(format!("{method}_{name}"));
            }
        }
    }
}
