use super::*;

#[tokio::test]
async fn what_takes_too_long_at_the_end_is_dropped_and_thereby_handed_back() {
    let part = Arc::new(());
    let held = Arc::clone(&part);
    let mut lanes = JoinSet::new();
    lanes.spawn(async move {
        std::future::pending::<()>().await;
        drop(held);
    });
    finish(lanes, Duration::ZERO).await;
    while Arc::strong_count(&part) > 1 {
        tokio::task::yield_now().await;
    }
}
