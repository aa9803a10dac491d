use crate::store::TestStore;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use std::fmt::Write;

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text, column_name = "type")]
    sql_type: String,
    #[diesel(sql_type = Integer)]
    notnull: i32,
    #[diesel(sql_type = Integer)]
    pk: i32,
}

fn diesel_type(column: &ColumnRow) -> String {
    let name = match column.sql_type.as_str() {
        "BIGINT" | "INTEGER" => "BigInt",
        "INT" => "Integer",
        "SMALLINT" => "SmallInt",
        "DOUBLE" => "Double",
        "TEXT" => "Text",
        other => panic!("schema.rs has no type for {other}"),
    };
    if column.notnull == 0 { format!("Nullable<{name}>") } else { name.to_owned() }
}

#[test]
fn the_committed_schema_is_that_of_the_migrated_database() {
    let schema = include_str!("../../src/schema.rs");
    let store = TestStore::new();
    let mut connection = store.connect();
    for table in ["job", "job_node", "tag", "jobtag", "store_state", "hpc_user"] {
        let columns: Vec<ColumnRow> =
            diesel::sql_query(format!("PRAGMA table_info({table})")).load(&mut connection).unwrap();
        assert!(columns.len() <= 32, "diesel is built for tables of 32 columns");
        let mut key: Vec<&ColumnRow> = columns.iter().filter(|column| column.pk > 0).collect();
        key.sort_by_key(|column| column.pk);
        let key_names: Vec<&str> = key.iter().map(|column| column.name.as_str()).collect();
        let mut expected = format!("diesel::table! {{\n    {table} ({}) {{\n", key_names.join(", "));
        for column in &columns {
            writeln!(expected, "        {} -> {},", column.name, diesel_type(column)).unwrap();
        }
        expected.push_str("    }\n}\n");
        assert!(schema.contains(&expected), "schema.rs should have\n{expected}");
    }
}
