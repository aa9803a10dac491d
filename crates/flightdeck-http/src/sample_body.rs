//! The bodies of written samples: longer than other bodies, packed or not, and collected into one buffer. Knows nothing
//! of what is in them.

use crate::blocking::blocking;
use crate::error::ApiError;
use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, ContentEncoding};
use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, Payload};
use flate2::bufread::MultiGzDecoder;
use futures_util::stream::{Stream, StreamExt as _};
use std::io::{self, Read};
use std::pin::pin;
use std::time::Duration;

mod room;
#[cfg(test)]
mod tests;

pub use room::BodyRoom;
pub(crate) use room::SampleBody;

/// Bytes of a buffer at most before a byte has come: what a client announces is not yet there.
const ANNOUNCED_BYTES_MAX: usize = 8 << 20;
/// How much larger samples usually are than packed ones.
const USUAL_RATIO: usize = 4;
/// Bytes that are unpacked at a time, before they are counted.
const PIECE_BYTES: usize = 64 << 10;
/// A zstd frame may refer so far back, as a power of two: 8 MiB, which every decoder is to offer (RFC 8878, 3.1.1.1.2)
/// and no level below the `ultra` ones exceeds. The decoder allocates it before the first byte comes out.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// How long a body of samples may be, and all of them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleBodyLimits {
    /// Bytes as sent, packed or not.
    pub sent_bytes: usize,
    /// Bytes when unpacked.
    pub unpacked_bytes: usize,
    /// Bytes that all bodies together may take, as sent and unpacked, until they are read. One body always has room.
    pub all_bytes: usize,
}

impl Default for SampleBodyLimits {
    /// 64 MiB as sent, 256 MiB when unpacked, 512 MiB for all.
    fn default() -> Self {
        Self { sent_bytes: 64 << 20, unpacked_bytes: 256 << 20, all_bytes: 512 << 20 }
    }
}

impl SampleBodyLimits {
    /// Bytes that all bodies together may take: at least what one may, while it is unpacked.
    const fn room_bytes(&self) -> usize {
        let one = self.sent_bytes.saturating_add(self.unpacked_bytes);
        if self.all_bytes < one { one } else { self.all_bytes }
    }
}

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Gzip,
    Zstd,
}

/// Reads a body to its end, which has to come within `patience`, and unpacks it.
pub(crate) async fn collect(
    limits: SampleBodyLimits,
    room: &BodyRoom,
    patience: Duration,
    request: &HttpRequest,
    payload: Payload,
) -> Result<SampleBody, ApiError> {
    let packing = packing_of(request)?;
    let announced = announced_bytes(request);
    if announced > limits.sent_bytes {
        return Err(ApiError::BodyTooLarge(limits.sent_bytes));
    }
    let mut sent = SampleBody::begin(room, limits.room_bytes(), limits.sent_bytes);
    sent.reserve(announced.min(ANNOUNCED_BYTES_MAX))?;
    let Ok(received) = timeout(patience, gather(payload, &mut sent)).await else {
        return Err(ApiError::BodyTimeout(patience.as_secs()));
    };
    received?;
    match packing {
        // A packer that was given nothing may write nothing.
        Some(packing) if !sent.is_empty() => blocking(move || unpack(&sent, packing, limits)).await,
        _ => Ok(sent),
    }
}

/// How the body is packed, if it is. Packed in another way, or twice, it would be taken for what it is not.
fn packing_of(request: &HttpRequest) -> Result<Option<Packing>, ApiError> {
    let mut named = request.headers().get_all(CONTENT_ENCODING);
    let (first, second) = (named.next(), named.next());
    let Some(first) = first else { return Ok(None) };
    let name = first.to_str().unwrap_or_default().trim();
    let known = [
        (ContentEncoding::Identity, None),
        (ContentEncoding::Gzip, Some(Packing::Gzip)),
        (ContentEncoding::Zstd, Some(Packing::Zstd)),
    ];
    let packing = known.into_iter().find(|(known, _)| known.as_str().eq_ignore_ascii_case(name));
    let (_, packing) = packing.filter(|_| second.is_none()).ok_or(ApiError::BodyEncoding("gzip and zstd"))?;
    Ok(packing)
}

/// The length that the request says; 0 when it says none.
fn announced_bytes(request: &HttpRequest) -> usize {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// Puts together what is received.
async fn gather(
    chunks: impl Stream<Item = Result<Bytes, PayloadError>>,
    sent: &mut SampleBody,
) -> Result<(), ApiError> {
    let mut pinned = pin!(chunks);
    while let Some(received) = pinned.next().await {
        let Ok(chunk) = received else { return Err(ApiError::invalid("body", "cannot be read to its end")) };
        sent.append(&chunk)?;
    }
    Ok(())
}

/// Unpacks a body, piece by piece, so that the limits hold before the memory is taken. All of several members or
/// frames count, and each has to be whole.
fn unpack(sent: &SampleBody, packing: Packing, limits: SampleBodyLimits) -> Result<SampleBody, ApiError> {
    let mut unpacked = sent.beside(limits.unpacked_bytes);
    unpacked.reserve(sent.len().saturating_mul(USUAL_RATIO).min(ANNOUNCED_BYTES_MAX))?;
    match packing {
        Packing::Gzip => read_to_end(MultiGzDecoder::new(&**sent), &mut unpacked)?,
        Packing::Zstd => {
            let mut decoder =
                zstd::stream::read::Decoder::with_buffer(&**sent).map_err(|error| refuse(&error))?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(|error| refuse(&error))?;
            read_to_end(decoder, &mut unpacked)?;
        }
    }
    Ok(unpacked)
}

fn read_to_end(mut decoder: impl Read, unpacked: &mut SampleBody) -> Result<(), ApiError> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let length = decoder.read(&mut piece).map_err(|error| refuse(&error))?;
        match piece.get(..length) {
            None | Some([]) => return Ok(()),
            Some(read) => unpacked.append(read)?,
        }
    }
}

fn refuse(error: &io::Error) -> ApiError {
    ApiError::invalid("body", format!("cannot be unpacked: {error}"))
}
