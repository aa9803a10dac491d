use super::*;

#[test]
fn bodies_share_a_room_and_give_it_back() {
    let room = BodyRoom::default();
    let body = |length: usize| {
        let mut body = SampleBody::begin(&room, 1000, 800);
        body.append(&vec![b'x'; length]).map(|()| body)
    };
    let first = body(600).unwrap();
    assert!(matches!(body(600), Err(ApiError::TooManySamples)));
    let second = body(400).unwrap();
    assert!(matches!(body(1), Err(ApiError::TooManySamples)));
    drop(first);
    assert_eq!(body(600).unwrap().len(), 600);
    drop(second);
    assert_eq!(room.taken_bytes.load(Ordering::Acquire), 0);
}

#[test]
fn a_body_that_grows_takes_no_more_than_it_may_have() {
    let room = BodyRoom::default();
    let mut body = SampleBody::begin(&room, 1000, 800);
    for _ in 0..80 {
        body.append(&[b'x'; 10]).unwrap();
    }
    assert!(matches!(body.append(b"x"), Err(ApiError::BodyTooLarge(800))));
    assert_eq!((room.taken_bytes.load(Ordering::Acquire), body.bytes.capacity()), (800, 800));
}
