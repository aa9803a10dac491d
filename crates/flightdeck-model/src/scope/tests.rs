use rstest::rstest;

use super::MetricScope::{Accelerator, Core, HwThread, MemoryDomain, Node, Socket};
use super::*;

#[test]
fn scopes_are_named_as_in_files() {
    for scope in MetricScope::ALL {
        assert_eq!(scope.as_str().parse(), Ok(scope));
        assert_eq!(serde_json::to_string(&scope).unwrap(), format!("\"{scope}\""));
        assert_eq!(serde_json::from_str::<MetricScope>(&format!("\"{scope}\"")).unwrap(), scope);
    }
}

#[rstest]
#[case("Node")]
#[case("memory_domain")]
#[case("")]
fn other_names_are_refused_with_what_is_allowed(#[case] name: &str) {
    let refused = name.parse::<MetricScope>().unwrap_err().to_string();
    assert_eq!(
        refused,
        format!(
            "\"{name}\" is not a metric scope: allowed are node, socket, memoryDomain, core, hwthread and \
             accelerator"
        )
    );
}

#[test]
fn all_scopes_are_listed_coarsest_first() {
    assert!(MetricScope::ALL.is_sorted_by(|coarser, finer| coarser > finer));
}

#[rstest]
#[case(Node, Socket, true)]
#[case(Node, Accelerator, true)]
#[case(Socket, MemoryDomain, true)]
#[case(MemoryDomain, Core, true)]
#[case(Core, HwThread, true)]
#[case(Core, Core, false)]
#[case(Core, Socket, false)]
#[case(Socket, Accelerator, false)]
#[case(HwThread, Accelerator, false)]
#[case(Accelerator, HwThread, false)]
fn an_accelerator_is_part_of_a_node_only(
    #[case] scope: MetricScope,
    #[case] other: MetricScope,
    #[case] coarser: bool,
) {
    assert_eq!(scope.is_coarser_than(other), coarser);
}

#[rstest]
#[case::all_when_nothing_is_asked_for(&[Node, Core], &[], &[(Node, Node), (Core, Core)])]
#[case::archived(&[Node, Core], &[Core], &[(Core, Core)])]
#[case::order_of_the_requests(&[Node, Core], &[Core, Node], &[(Core, Core), (Node, Node)])]
#[case::from_the_coarsest_finer_one(&[HwThread, Core], &[Socket], &[(Socket, Core)])]
#[case::node_rather_from_cores(&[Accelerator, Core], &[Node], &[(Node, Core)])]
#[case::node_from_accelerators(&[Accelerator], &[Node], &[(Node, Accelerator)])]
#[case::finer_than_archived(&[Node, Socket], &[HwThread], &[(Socket, Socket)])]
#[case::not_comparable(&[Accelerator], &[Core], &[(Accelerator, Accelerator)])]
#[case::no_accelerators(&[Accelerator, Socket], &[Core], &[(Socket, Socket)])]
#[case::each_once(&[Socket], &[Core, HwThread, Socket, Node, Node], &[(Socket, Socket), (Node, Socket)])]
#[case::nothing_archived(&[], &[Node], &[])]
fn shows_what_is_asked_for_or_the_nearest(
    #[case] archived: &[MetricScope],
    #[case] requested: &[MetricScope],
    #[case] expected: &[(MetricScope, MetricScope)],
) {
    let sources = scopes_to_show(archived, requested, true);
    let pairs: Vec<_> = sources.iter().map(|source| (source.shown, source.from)).collect();
    assert_eq!(pairs, expected);
}

#[test]
fn what_cannot_be_aggregated_is_shown_as_it_is_archived() {
    let sources = scopes_to_show(&[Core, HwThread], &[Node], false);
    assert_eq!(sources, [ScopeSource { shown: HwThread, from: HwThread }]);
}
