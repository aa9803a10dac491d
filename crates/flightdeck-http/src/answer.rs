//! Answers: JSON from pieces that are already encoded, in one or in many chunks, without copying them.

use actix_web::HttpResponse;
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header::ContentType;
use bytes::Bytes;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A 200 with a JSON body.
pub(crate) fn json(body: impl MessageBody + 'static) -> HttpResponse {
    HttpResponse::Ok().insert_header(ContentType::json()).body(body)
}

/// A 201 with a JSON body.
pub(crate) fn created(body: impl MessageBody + 'static) -> HttpResponse {
    HttpResponse::Created().insert_header(ContentType::json()).body(body)
}

/// A 200 with a line of text.
pub(crate) fn text(line: String) -> HttpResponse {
    HttpResponse::Ok().insert_header(ContentType::plaintext()).body(line)
}

/// A body of known length in pieces, so that a large cached piece is not copied into another buffer.
#[derive(Debug)]
pub(crate) struct Pieces(VecDeque<Bytes>);

impl Pieces {
    /// A body of these pieces in order.
    pub(crate) fn of(pieces: impl IntoIterator<Item = Bytes>) -> Self {
        Self(pieces.into_iter().filter(|piece| !piece.is_empty()).collect())
    }
}

impl MessageBody for Pieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.iter().map(|piece| piece.len() as u64).sum())
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        Poll::Ready(self.get_mut().0.pop_front().map(Ok))
    }
}
