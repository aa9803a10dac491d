//! Gives the head of a request memory of its own.
//!
//! The values of a head are parts of the buffer that the connection was read into, and keep all of it. Behind long bodies
//! that grows to a quarter of a megabyte; and every worker keeps the heads of up to 128 requests to use them again.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue, TRANSFER_ENCODING};

/// What a buffer has room for before it grows. Copying costs short requests more than it saves.
const SHORT_BODY_BYTES: usize = 8 << 10;

/// Copies the values of the head of a request with a long body.
pub(crate) fn own_head(request: &mut ServiceRequest) {
    let headers = request.headers_mut();
    if !has_long_body(headers) {
        return;
    }
    for (name, value) in std::mem::take(headers) {
        // What was a value is one; if not, the one that is there does as well.
        let own = HeaderValue::from_bytes(value.as_bytes()).unwrap_or(value);
        headers.append(name, own);
    }
}

fn has_long_body(headers: &HeaderMap) -> bool {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    length.map_or_else(|| headers.contains_key(TRANSFER_ENCODING), |bytes| bytes > SHORT_BODY_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use actix_web::web::Bytes;

    #[test]
    fn values_stay_as_they_are_and_leave_the_buffer_alone() {
        let buffer = Bytes::from(b"fritz\xfc alex text/plain".to_vec());
        let value = |range| HeaderValue::from_maybe_shared(buffer.slice(range)).unwrap();
        let mut request = TestRequest::default()
            .append_header(("x-node", value(0..6)))
            .append_header(("x-user", value(7..11)))
            .append_header(("x-user", value(12..22)))
            .append_header(("content-length", "1000000"))
            .to_srv_request();
        assert!(!buffer.is_unique());

        own_head(&mut request);

        let all = |name: &str| request.headers().get_all(name).map(HeaderValue::as_bytes).collect::<Vec<_>>();
        assert_eq!(all("x-node"), [b"fritz\xfc"]);
        assert_eq!(all("x-user"), [&b"alex"[..], b"text/plain"]);
        assert!(buffer.is_unique(), "nothing else keeps it");
    }
}
