use super::*;
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Compress;
use actix_web::test::{TestRequest, call_and_read_body, init_service};
use actix_web::{App, FromRequest as _, ResponseError as _, dev, web};
use futures_util::stream;
use rstest::rstest;
use std::hash::{BuildHasher as _, RandomState};

const LIMITS: SampleBodyLimits =
    SampleBodyLimits { sent_bytes: 100_000, unpacked_bytes: 1_000_000, all_bytes: 0 };

/// Samples whose lines differ, so that they do not shrink to nothing.
fn samples(lines: u32) -> Vec<u8> {
    let line = |number: u32| {
        let scattered = number.wrapping_mul(2_654_435_761);
        format!("cpu_load,hostname=a{number:04} value={scattered}.5 1700000000\n")
    };
    (0..lines).flat_map(|number| line(number).into_bytes()).collect()
}

/// The text as this server's own answers are packed.
async fn packed(encoding: &str, text: Vec<u8>) -> Bytes {
    let app = App::new().wrap(Compress::default());
    let answer = web::to(move || std::future::ready(text.clone()));
    let service = init_service(app.default_service(answer)).await;
    let request = TestRequest::default().insert_header(("accept-encoding", encoding)).to_request();
    call_and_read_body(&service, request).await
}

async fn collected(
    request: TestRequest,
    chunks: impl Stream<Item = Result<Bytes, PayloadError>> + 'static,
) -> Result<Vec<u8>, ApiError> {
    collected_in(&BodyRoom::default(), request, chunks).await.map(|body| body.to_vec())
}

async fn collected_in(
    room: &BodyRoom,
    request: TestRequest,
    chunks: impl Stream<Item = Result<Bytes, PayloadError>> + 'static,
) -> Result<SampleBody, ApiError> {
    let request = request.to_http_request();
    let mut stream: dev::Payload = dev::Payload::Stream { payload: Box::pin(chunks) };
    let payload = Payload::from_request(&request, &mut stream).await.unwrap();
    collect(LIMITS, room, Duration::from_secs(10), &request, payload).await
}

fn packed_in(encoding: &str) -> TestRequest {
    TestRequest::post().insert_header(("content-encoding", encoding))
}

fn in_chunks(bytes: &Bytes, length: usize) -> impl Stream<Item = Result<Bytes, PayloadError>> + 'static {
    let chunks: Vec<_> = bytes.chunks(length).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    stream::iter(chunks)
}

fn status<T: std::fmt::Debug>(refused: Result<T, ApiError>) -> StatusCode {
    refused.unwrap_err().status_code()
}

#[rstest]
#[case("identity", 1)]
#[case("identity", 70_000)]
#[case("gzip", 1)]
#[case("gzip", 1024)]
#[case("GZip", 50_000)]
#[case("zstd", 1)]
#[case("zstd", 1025)]
#[case(" ZSTD ", 50_000)]
#[actix_web::test]
async fn a_body_comes_out_as_it_was_however_it_is_packed_and_cut(
    #[case] encoding: &str,
    #[case] chunk: usize,
) {
    let sent = samples(1500);
    let body = packed(&encoding.trim().to_lowercase(), sent.clone()).await;
    assert_eq!(body.len() < sent.len(), encoding != "identity");
    assert_eq!(collected(packed_in(encoding), in_chunks(&body, chunk)).await.unwrap(), sent);
}

#[actix_web::test]
async fn without_a_content_encoding_the_body_is_taken_as_it_is() {
    let sent = packed("gzip", samples(20)).await;
    assert_eq!(collected(TestRequest::post(), in_chunks(&sent, 100)).await.unwrap(), sent);
    assert!(collected(TestRequest::post(), stream::empty()).await.unwrap().is_empty());
}

#[rstest]
#[case("deflate")]
#[case("br")]
#[case("gzip, gzip")]
#[case("")]
#[actix_web::test]
async fn another_packing_is_refused(#[case] encoding: &str) {
    let refused = collected(packed_in(encoding), stream::empty()).await;
    assert_eq!(status(refused), 415);
}

#[actix_web::test]
async fn a_body_packed_twice_is_refused() {
    let twice = packed_in("gzip").append_header(("content-encoding", "gzip"));
    assert_eq!(status(collected(twice, stream::empty()).await), 415);
}

#[actix_web::test]
async fn a_body_is_limited_as_sent_whatever_it_announces() {
    let chunk = || Ok(Bytes::from(vec![b'x'; 1000]));
    for encoding in ["identity", "gzip"] {
        let endless = stream::repeat_with(chunk);
        let refused = collected(packed_in(encoding).insert_header(("content-length", "5")), endless).await;
        assert_eq!(status(refused), 413, "{encoding}");
    }
    let exactly = stream::repeat_with(chunk).take(100);
    assert_eq!(collected(TestRequest::post(), exactly).await.unwrap().len(), LIMITS.sent_bytes);
    let announced = TestRequest::post().insert_header(("content-length", "100001"));
    assert_eq!(status(collected(announced, stream::pending()).await), 413, "before anything has come");
}

#[rstest]
#[case("gzip")]
#[case("zstd")]
#[actix_web::test]
async fn a_body_is_limited_when_unpacked(#[case] encoding: &str) {
    let bomb = packed(encoding, vec![b'\n'; 8 << 20]).await;
    assert!(bomb.len() < LIMITS.sent_bytes, "{} bytes", bomb.len());
    assert_eq!(status(collected(packed_in(encoding), in_chunks(&bomb, 60_000)).await), 413);
    let one_more = packed(encoding, vec![b'\n'; LIMITS.unpacked_bytes + 1]).await;
    assert_eq!(status(collected(packed_in(encoding), in_chunks(&one_more, 60_000)).await), 413);
    let exactly = packed(encoding, vec![b'\n'; LIMITS.unpacked_bytes]).await;
    assert_eq!(collected(packed_in(encoding), in_chunks(&exactly, 60_000)).await.unwrap().len(), 1_000_000);
}

#[rstest]
#[case("gzip", b"cpu_load value=1".as_slice())]
#[case("zstd", b"cpu_load value=1".as_slice())]
#[case("gzip", b"\x1f\x8b\x08".as_slice())]
#[actix_web::test]
async fn what_cannot_be_unpacked_is_refused(#[case] encoding: &str, #[case] sent: &[u8]) {
    let sent = Bytes::copy_from_slice(sent);
    assert_eq!(status(collected(packed_in(encoding), in_chunks(&sent, 7)).await), 400);
}

#[rstest]
#[case("gzip")]
#[case("zstd")]
#[actix_web::test]
async fn a_cut_body_is_refused_wherever_it_is_cut(#[case] encoding: &str) {
    // What cannot be shrunk is packed as it is, by other rules.
    let noise =
        samples(60).chunks(7).flat_map(|some| RandomState::new().hash_one(some).to_le_bytes()).collect();
    for sent in [samples(200), noise] {
        let whole = packed(encoding, sent).await;
        for end in 1..whole.len() {
            let cut = whole.slice(..end);
            let refused = collected(packed_in(encoding), in_chunks(&cut, 500)).await;
            assert_eq!(status(refused), 400, "cut at {end} of {}", whole.len());
        }
    }
}

#[rstest]
#[case("gzip")]
#[case("zstd")]
#[actix_web::test]
async fn several_members_or_frames_are_one_body_of_which_each_is_whole(#[case] encoding: &str) {
    let first = packed(encoding, samples(3)).await;
    let both = Bytes::from([first.clone(), packed(encoding, samples(5)).await].concat());
    let expected = [samples(3), samples(5)].concat();
    assert_eq!(collected(packed_in(encoding), in_chunks(&both, 40)).await.unwrap(), expected);
    for end in first.len() + 1..both.len() {
        let refused = collected(packed_in(encoding), in_chunks(&both.slice(..end), 500)).await;
        assert_eq!(status(refused), 400, "cut at {end} of {}", both.len());
    }
}

#[rstest]
#[case("gzip")]
#[case("zstd")]
#[actix_web::test]
async fn nothing_is_an_empty_body_however_it_is_packed(#[case] encoding: &str) {
    assert!(collected(packed_in(encoding), stream::empty()).await.unwrap().is_empty());
    let packed_nothing = packed(encoding, Vec::new()).await;
    assert!(collected(packed_in(encoding), in_chunks(&packed_nothing, 500)).await.unwrap().is_empty());
}

#[actix_web::test]
async fn a_zstd_frame_that_wants_a_larger_window_is_refused() {
    // Magic number, no flags, the window's power of two above 1 KiB, one raw block of one byte. (RFC 8878, 3.1.1)
    let frame = |power: u8| {
        let sent = [0x28, 0xb5, 0x2f, 0xfd, 0x00, power << 3, 0x09, 0x00, 0x00, b'\n'];
        collected(packed_in("zstd"), stream::iter([Ok(Bytes::copy_from_slice(&sent))]))
    };
    assert_eq!(frame(13).await.unwrap(), b"\n");
    assert_eq!(status(frame(14).await), 400);
}

#[rstest]
#[case("identity")]
#[case("gzip")]
#[actix_web::test]
async fn all_bodies_share_a_room_in_which_one_always_fits(#[case] encoding: &str) {
    let room = BodyRoom::default();
    let text = vec![b'\n'; if encoding == "gzip" { LIMITS.unpacked_bytes } else { LIMITS.sent_bytes }];
    let sent = packed(encoding, text.clone()).await;
    let send = || collected_in(&room, packed_in(encoding), in_chunks(&sent, 50_000));
    let mut held = vec![send().await.unwrap()];
    let refused = loop {
        match send().await {
            Ok(body) => held.push(body),
            Err(error) => break error,
        }
    };
    let held_bytes: usize = held.iter().map(|body| body.len()).sum();
    assert!(held_bytes <= LIMITS.sent_bytes + LIMITS.unpacked_bytes, "{held_bytes}");
    assert_eq!(refused.status_code(), 503);
    assert!(refused.error_response().headers().contains_key(header::RETRY_AFTER));
    drop(held);
    assert_eq!(*send().await.unwrap(), *text);
}

#[actix_web::test]
async fn a_body_that_breaks_off_is_refused() {
    let begun = Ok(Bytes::from_static(b"cpu_load,hostname=a001 value=1"));
    let broken = stream::iter([begun, Err(PayloadError::Incomplete(None))]);
    assert_eq!(status(collected(TestRequest::post(), broken).await), 400);
}

#[actix_web::test]
async fn a_body_that_never_ends_is_given_up() {
    let request = TestRequest::post().to_http_request();
    let mut endless: dev::Payload = dev::Payload::Stream { payload: Box::pin(stream::pending()) };
    let payload = Payload::from_request(&request, &mut endless).await.unwrap();
    assert_eq!(status(collect(LIMITS, &BodyRoom::default(), Duration::ZERO, &request, payload).await), 408);
}
