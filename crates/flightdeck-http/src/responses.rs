//! The errors that routes have in common, for the description of the API.

use crate::error::ErrorBody;
use utoipa::IntoResponses;

/// Errors of every route that needs a token.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers")]
pub(crate) enum TokenErrors {
    /// No or bad token, roles that do not open this route, or a forbidden address.
    #[response(status = 401, example = json!({"status": "Unauthorized", "error": "the token has expired"}))]
    Unauthorized(#[to_schema] ErrorBody),
    /// The server failed; the text has the id under which the log says why.
    #[response(
        status = 500,
        example = json!({"status": "Internal Server Error", "error": "the server failed to answer (request id 1f-2a)"})
    )]
    Failed(#[to_schema] ErrorBody),
    /// The server is busy.
    #[response(
        status = 503,
        example = json!({"status": "Service Unavailable", "error": "the server is busy, try again later (request id 1f-2a)"})
    )]
    Busy(#[to_schema] ErrorBody),
}

/// A parameter, path or body that is wrong.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers")]
pub(crate) enum InvalidErrors {
    /// A parameter or the body is wrong; the text names it and says what is allowed.
    #[response(
        status = 400,
        example = json!({"status": "Bad Request", "error": "page: \"0\" is not a whole number of at least 1"})
    )]
    Invalid(#[to_schema] ErrorBody),
}

/// A job that is not there.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers")]
pub(crate) enum JobErrors {
    /// There is no such job, the asker may not see it, or it has no metric data.
    #[response(
        status = 404,
        example = json!({"status": "Not Found", "error": "there is no job with the database id 424242"})
    )]
    NotFound(#[to_schema] ErrorBody),
}

/// A body that cannot be taken.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers")]
pub(crate) enum BodyErrors {
    /// The body is too long.
    #[response(
        status = 413,
        example = json!({"status": "Payload Too Large", "error": "the request body is longer than 8388608 bytes"})
    )]
    TooLarge(#[to_schema] ErrorBody),
    /// The body did not arrive in time.
    #[response(
        status = 408,
        example = json!({"status": "Request Timeout", "error": "the request body did not arrive within 30 s"})
    )]
    TooSlow(#[to_schema] ErrorBody),
    /// The body is packed in an unknown way.
    #[response(
        status = 415,
        example = json!({
            "status": "Unsupported Media Type",
            "error": "the request body's Content-Encoding is not known here: allowed are gzip, zstd and deflate"
        })
    )]
    UnknownEncoding(#[to_schema] ErrorBody),
}

/// A body of samples that cannot be taken.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers")]
pub(crate) enum SampleBodyErrors {
    /// The body is too long, as it was sent or when unpacked; nothing of it is stored.
    #[response(
        status = 413,
        example = json!({"status": "Payload Too Large", "error": "the request body is longer than 67108864 bytes"})
    )]
    TooLarge(#[to_schema] ErrorBody),
    /// The body did not arrive in time; nothing of it is stored.
    #[response(
        status = 408,
        example = json!({"status": "Request Timeout", "error": "the request body did not arrive within 30 s"})
    )]
    TooSlow(#[to_schema] ErrorBody),
    /// The body is packed in an unknown way.
    #[response(
        status = 415,
        example = json!({
            "status": "Unsupported Media Type",
            "error": "the request body's Content-Encoding is not known here: allowed are gzip and zstd"
        })
    )]
    UnknownEncoding(#[to_schema] ErrorBody),
}

/// Lines that are not well formed.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers")]
pub(crate) enum BadLineErrors {
    /// A line is not well formed: the text names the first one, and how many were bad, stored and skipped; the good
    /// ones are stored. Or a parameter is wrong, or the body cannot be unpacked: then nothing is.
    #[response(
        status = 400,
        example = json!({
            "status": "Bad Request",
            "error": "line 3: the value is missing; bad lines: 1, stored: 57, skipped: 4 (event: 1, unknown metric: 3)"
        })
    )]
    BadLine(#[to_schema] ErrorBody),
}

/// A metric store without what is asked for.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers")]
pub(crate) enum AbsentStoreErrors {
    /// This server keeps no samples, or none of what is asked for.
    #[response(
        status = 404,
        example = json!({"status": "Not Found", "error": "this server keeps no samples of its own"})
    )]
    NotFound(#[to_schema] ErrorBody),
}

/// A disk without room.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers")]
pub(crate) enum FullDiskErrors {
    /// The disk of the server is full; nothing was changed, and reading goes on.
    #[response(
        status = 507,
        example = json!({
            "status": "Insufficient Storage",
            "error": "the disk of the server is full: nothing was changed, and what was stored before is safe (request id 1f-2a)"
        })
    )]
    NoSpace(#[to_schema] ErrorBody),
}

/// Too many long answers at once.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers")]
pub(crate) enum LongListErrors {
    /// Too many lists of more than 1000 jobs are being sent to this user.
    #[response(
        status = 429,
        example = json!({
            "status": "Too Many Requests",
            "error": "too many long lists are being sent to this user: take those under way first"
        })
    )]
    TooMany(#[to_schema] ErrorBody),
}

/// A job that is not there, where no metric data are asked for.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers")]
pub(crate) enum AbsentJobErrors {
    /// There is no such job, or the asker may not see it.
    #[response(
        status = 404,
        example = json!({"status": "Not Found", "error": "there is no job with the database id 424242"})
    )]
    NotFound(#[to_schema] ErrorBody),
}

/// A machine of which nothing is known.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers")]
pub(crate) enum AbsentMachineErrors {
    /// Nothing was stored of this machine, or this server keeps no states of machines.
    #[response(
        status = 404,
        example = json!({"status": "Not Found", "error": "nothing is known of this machine"})
    )]
    NotFound(#[to_schema] ErrorBody),
}

/// Something that this token may not do.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers")]
pub(crate) enum ForbiddenErrors {
    /// The token enters, but its roles do not allow this.
    #[response(
        status = 403,
        example = json!({"status": "Forbidden", "error": "only the role admin may do this"})
    )]
    Forbidden(#[to_schema] ErrorBody),
}

/// A change that contradicts what is there.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers")]
pub(crate) enum UnprocessableErrors {
    /// What is there does not allow the change, or the request is kept in quarantine; nothing was changed.
    #[response(
        status = 422,
        example = json!({
            "status": "Unprocessable Entity",
            "error": "job aurora/4711/1760000000 is not running, but completed"
        })
    )]
    Unprocessable(#[to_schema] ErrorBody),
}

/// A change that could not be stored.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers")]
pub(crate) enum StorageErrors {
    /// Another change came in between; nothing was changed.
    #[response(
        status = 409,
        example = json!({"status": "Conflict", "error": "storage failed"})
    )]
    Conflict(#[to_schema] ErrorBody),
    /// The disk of the server is full; nothing was changed, and reading goes on.
    #[response(
        status = 507,
        example = json!({
            "status": "Insufficient Storage",
            "error": "the disk of the server is full: nothing was changed, and what was stored before is safe (request id 1f-2a)"
        })
    )]
    NoSpace(#[to_schema] ErrorBody),
}
