use super::*;

fn lines(hwthreads: u64, hwthread_metrics: Option<u64>) -> Vec<String> {
    let args = EstimateArgs {
        nodes: 256,
        hwthreads,
        metrics: 64,
        hwthread_metrics,
        timestep: 60,
        retention_hours: 48,
    };
    estimate(&args).lines().map(str::to_owned).collect()
}

#[test]
fn all_that_is_measured_counts() {
    assert_eq!(lines(0, None)[0], "series      16384");
    assert_eq!(lines(128, Some(0)), lines(0, None));
    assert_eq!(lines(128, Some(8))[0], "series      278528");
}

#[test]
fn hardware_threads_without_a_number_of_metrics_are_told_apart() {
    let text = lines(128, None);
    assert_eq!(text[..4], lines(0, None)[..4]);
    assert!(text[4].contains("Each of them adds 32768 series"), "{text:?}");
    assert!(text[5].contains("--hwthread-metrics"), "{text:?}");
}
