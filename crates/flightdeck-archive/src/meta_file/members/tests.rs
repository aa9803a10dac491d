use super::*;
use proptest::prelude::*;
use serde_json::{Map, Value};

fn found(json: &str) -> Vec<(String, Value)> {
    let object = find(json.as_bytes(), 0).unwrap();
    let decoded = |member: Member| {
        let key = serde_json::from_str(&json[member.key]).unwrap();
        (key, serde_json::from_str(&json[member.value]).unwrap())
    };
    object.members.into_iter().map(decoded).collect()
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        r#"[a"\\{}\[\],: é🚀]{0,8}"#.prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(r#"[a"\\}\]:,]{0,4}"#, inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

#[test]
fn places_are_those_of_the_text() {
    let json = "\u{feff} { \"a\" : {\"a\": 2}\n,\"b\\\"\":[\"}\"] }\n";
    let object = find(json.as_bytes(), 0).unwrap();
    let texts = object.members.iter().map(|it| (&json[it.key.clone()], &json[it.value.clone()]));
    assert_eq!(texts.collect::<Vec<_>>(), [("\"a\"", "{\"a\": 2}"), ("\"b\\\"\"", "[\"}\"]")]);
    assert_eq!(&json[object.start..], &json[json.find('{').unwrap() + 1..]);
}

#[test]
fn bytes_that_are_no_text_do_no_harm() {
    let json = b"{\"gr\xfc\xdfe\":\"\xff\\\"\xc3\",\"b\":1}";
    let object = find(json, 0).unwrap();
    assert_eq!(&json[object.members[0].value.clone()], b"\"\xff\\\"\xc3\"");
    assert_eq!(&json[object.members[1].key.clone()], b"\"b\"");
}

proptest! {
    #[test]
    fn the_members_of_every_object_are_found(
        members in prop::collection::btree_map(r#"[a"\\{},: ]{0,4}"#, any_value(), 0..6),
    ) {
        let object: Map<String, Value> = members.into_iter().collect();
        let expected: Vec<(String, Value)> = object.clone().into_iter().collect();
        let value = Value::Object(object);
        prop_assert_eq!(&found(&value.to_string()), &expected);
        prop_assert_eq!(&found(&serde_json::to_string_pretty(&value).unwrap()), &expected);
    }

    #[test]
    fn what_is_no_json_ends_the_search(json in prop::collection::vec(any::<u8>(), 0..60), from in 0_usize..80) {
        if let Some(object) = find(&json, from) {
            let last = object.members.last().map_or(object.start, |member| member.value.end);
            prop_assert!(last <= json.len());
        }
    }

    #[test]
    fn what_looks_like_json_ends_the_search(json in r#"[{}\[\]",:\\a1 ]{0,40}"#) {
        if let Some(object) = find(json.as_bytes(), 0) {
            prop_assert!(object.members.iter().all(|member| member.key.end <= member.value.start));
        }
    }
}
