//! The bodies of written samples: longer than other bodies, packed or not, and collected into one buffer. Knows nothing
//! of what is in them.

use crate::error::ApiError;
use actix_web::HttpRequest;
use actix_web::dev::Decompress;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, ContentEncoding};
use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, Payload};
use futures_util::stream::{self, Stream, StreamExt as _};
use std::pin::pin;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// Bytes of a buffer at most before a byte has come: what a client announces is not yet there.
const ANNOUNCED_BYTES_MAX: usize = 8 << 20;
/// How much larger samples usually are than packed ones.
const USUAL_RATIO: usize = 4;
/// Bytes that are unpacked at a time. What they unpack to is in memory before it can be measured: with zstd at most
/// 32 MiB, since a block takes 4 bytes and is at most 128 KiB long. (RFC 8878, 3.1.1.2)
const PIECE_BYTES: usize = 1024;

/// A zstd frame that is sent after the last piece, and what it unpacks to: one block, 32 times the same byte, which is
/// in no text. (RFC 8878, 3.1.1) The decoder says nothing of a body that was cut; but it takes this for a frame only
/// behind a whole one.
const ZSTD_END: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd, 0x20, 32, 0x03, 0x01, 0x00, 0x04];
const ZSTD_END_UNPACKED: &[u8] = &[0x04; 32];

/// How long a body of samples may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleBodyLimits {
    /// Bytes as sent, packed or not.
    pub sent_bytes: usize,
    /// Bytes when unpacked.
    pub unpacked_bytes: usize,
}

impl Default for SampleBodyLimits {
    /// 64 MiB as sent, 256 MiB when unpacked.
    fn default() -> Self {
        Self { sent_bytes: 64 << 20, unpacked_bytes: 256 << 20 }
    }
}

/// Reads a body to its end, which has to come within `patience`, and unpacks it.
pub(crate) async fn collect(
    limits: SampleBodyLimits,
    patience: Duration,
    request: &HttpRequest,
    payload: Payload,
) -> Result<Vec<u8>, ApiError> {
    let encoding = encoding_of(request)?;
    let announced = announced_bytes(request);
    if announced > limits.sent_bytes {
        return Err(ApiError::BodyTooLarge(limits.sent_bytes));
    }
    let received = limited(payload, limits.sent_bytes);
    let body = async {
        if encoding == ContentEncoding::Identity {
            let buffer = Vec::with_capacity(announced.min(ANNOUNCED_BYTES_MAX));
            return gather(received, buffer, limits, 0).await;
        }
        let usual = announced.saturating_mul(USUAL_RATIO).min(ANNOUNCED_BYTES_MAX);
        unpack(received, encoding, Vec::with_capacity(usual), limits).await
    };
    let Ok(collected) = timeout(patience, body).await else {
        return Err(ApiError::BodyTimeout(patience.as_secs()));
    };
    collected
}

/// How the body is packed. Packed in another way, or twice, it would be taken for what it is not.
fn encoding_of(request: &HttpRequest) -> Result<ContentEncoding, ApiError> {
    let mut named = request.headers().get_all(CONTENT_ENCODING);
    let (first, second) = (named.next(), named.next());
    let Some(first) = first else { return Ok(ContentEncoding::Identity) };
    let name = first.to_str().unwrap_or_default().trim();
    let known = [ContentEncoding::Identity, ContentEncoding::Gzip, ContentEncoding::Zstd];
    let encoding = known.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(name));
    encoding.filter(|_| second.is_none()).ok_or(ApiError::BodyEncoding("gzip and zstd"))
}

/// The length that the request says; 0 when it says none.
fn announced_bytes(request: &HttpRequest) -> usize {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// What is received, up to the limit.
fn limited(payload: Payload, limit: usize) -> impl Stream<Item = Result<Bytes, PayloadError>> {
    let mut received_bytes = 0_usize;
    payload.map(move |received| {
        let chunk = received?;
        received_bytes = received_bytes.saturating_add(chunk.len());
        if received_bytes > limit { Err(PayloadError::Overflow) } else { Ok(chunk) }
    })
}

async fn unpack(
    received: impl Stream<Item = Result<Bytes, PayloadError>>,
    encoding: ContentEncoding,
    buffer: Vec<u8>,
    limits: SampleBodyLimits,
) -> Result<Vec<u8>, ApiError> {
    let pieces = received.flat_map(|chunk| stream::iter(in_pieces(chunk)));
    if encoding != ContentEncoding::Zstd {
        return gather(Decompress::new(pieces, encoding), buffer, limits, 0).await;
    }
    let pieces_and_end = pieces.chain(stream::iter([Ok(Bytes::from_static(ZSTD_END))]));
    let decoder = Decompress::new(pieces_and_end, encoding);
    let mut unpacked = gather(decoder, buffer, limits, ZSTD_END_UNPACKED.len()).await?;
    if !unpacked.ends_with(ZSTD_END_UNPACKED) {
        return Err(ApiError::invalid("body", "is cut: a zstd frame in it has no end"));
    }
    unpacked.truncate(unpacked.len() - ZSTD_END_UNPACKED.len());
    Ok(unpacked)
}

/// Cuts a chunk into pieces to be unpacked one after the other.
fn in_pieces(received: Result<Bytes, PayloadError>) -> impl Iterator<Item = Result<Bytes, PayloadError>> {
    let mut rest = Some(received);
    std::iter::from_fn(move || match rest.take()? {
        Ok(mut chunk) if chunk.len() > PIECE_BYTES => {
            let piece = chunk.split_to(PIECE_BYTES);
            rest = Some(Ok(chunk));
            Some(Ok(piece))
        }
        last => Some(last),
    })
}

/// Puts chunks together. The last `end_bytes` do not count.
async fn gather(
    chunks: impl Stream<Item = Result<Bytes, PayloadError>>,
    mut buffer: Vec<u8>,
    limits: SampleBodyLimits,
    end_bytes: usize,
) -> Result<Vec<u8>, ApiError> {
    let bytes_max = limits.unpacked_bytes.saturating_add(end_bytes);
    let mut pinned = pin!(chunks);
    while let Some(received) = pinned.next().await {
        let chunk = received.map_err(|error| match error {
            PayloadError::Overflow => ApiError::BodyTooLarge(limits.sent_bytes),
            _ => ApiError::invalid("body", "cannot be read or unpacked"),
        })?;
        if buffer.len().saturating_add(chunk.len()) > bytes_max {
            return Err(ApiError::BodyTooLarge(limits.unpacked_bytes));
        }
        buffer.extend_from_slice(&chunk);
    }
    Ok(buffer)
}
