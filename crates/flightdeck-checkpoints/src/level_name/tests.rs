use super::Part;

fn told(levels: &[&str]) -> Option<String> {
    Part::of_levels(levels).map(|part| [part.kind, part.id, part.sub_kind, part.sub_id].join("/"))
}

#[test]
fn levels_are_told_apart_into_kind_and_id() {
    for (level, part) in [
        ("socket0", "socket/0//"),
        ("hwthread15", "hwthread/15//"),
        ("core3", "core/3//"),
        ("memoryDomain1", "memoryDomain/1//"),
        ("accelerator00000000:01:00.0", "accelerator/00000000:01:00.0//"),
        ("acceleratorGPU-1a", "accelerator/GPU-1a//"),
        ("die2", "die/2//"),
        ("llc4", "llc/4//"),
        ("socket", "socket///"),
        ("numanode7", "numanode/7//"),
        ("fan", "fan///"),
    ] {
        assert_eq!(told(&[level]).as_deref(), Some(part), "{level}");
    }
}

#[test]
fn cpu_is_an_old_name_of_a_hardware_thread() {
    assert_eq!(told(&["cpu1"]).as_deref(), Some("hwthread/1//"));
    assert_eq!(told(&["cpufreq1"]).as_deref(), Some("cpu/freq1//"));
}

#[test]
fn no_level_and_a_bare_number_are_the_host() {
    assert_eq!(told(&[]).as_deref(), Some("///"));
    assert_eq!(told(&["0"]).as_deref(), Some("///"));
}

#[test]
fn a_second_level_is_a_part_below() {
    for (levels, part) in [
        (["socket0", "networketh0"], "socket/0/network/eth0"),
        (["0", "filesystem/home"], "//filesystem//home"),
        (["accelerator0", "migMIG-4"], "accelerator/0/mig/MIG-4"),
        (["core1", "port12"], "core/1/port/12"),
    ] {
        assert_eq!(told(&levels).as_deref(), Some(part), "{levels:?}");
    }
    assert_eq!(told(&["networkib0"]).as_deref(), Some("//network/ib0"));
}

#[test]
fn what_can_be_no_part_is_refused() {
    assert_eq!(told(&["00000000:01:00.0"]), None);
    assert_eq!(told(&[""]), None);
    assert_eq!(told(&["socket0", "9a"]), None);
    assert_eq!(told(&["socket0", "disk1", "disk2"]), None);
    assert_eq!(told(&["networkib0", "disk2"]), None);
}
