//! What a migrated database has, read from the database itself, in words that mean the same on every backend.

use crate::server::Server;
use crate::store::{Place, TestStore};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Nullable, Text};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Diesel's own table, which is there before and after all of ours.
const MIGRATIONS_TABLE: &str = "__diesel_schema_migrations";

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Column {
    name: String,
    /// As `schema.rs` has it.
    diesel_type: String,
    has_default: bool,
}

/// A table, as far as programs can tell.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    columns: Vec<Column>,
    key: Vec<String>,
    unique: BTreeSet<Vec<String>>,
    /// Indices by name, without the id at their end, which SQLite adds by itself.
    indices: BTreeMap<String, Vec<String>>,
    /// Column, table it refers to, and what happens when the row there is deleted.
    foreign_keys: BTreeSet<(String, String, String)>,
    checks: usize,
}

/// All tables by name.
pub(crate) type Schema = BTreeMap<String, Table>;

#[derive(QueryableByName)]
struct NameRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Integer)]
    checks: i32,
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql_type: String,
    #[diesel(sql_type = Bool)]
    not_null: bool,
    #[diesel(sql_type = Bool)]
    has_default: bool,
    #[diesel(sql_type = Nullable<Text>)]
    collation: Option<String>,
}

#[derive(QueryableByName)]
struct IndexRow {
    #[diesel(sql_type = Text)]
    name: String,
    /// `primary`, `unique` or `plain`.
    #[diesel(sql_type = Text)]
    kind: String,
    /// In order, joined by commas.
    #[diesel(sql_type = Text)]
    columns: String,
}

#[derive(QueryableByName)]
struct ForeignKeyRow {
    #[diesel(sql_type = Text)]
    column: String,
    #[diesel(sql_type = Text)]
    referred: String,
    #[diesel(sql_type = Text)]
    on_delete: String,
}

const SQLITE_TABLES: &str = "SELECT name, (length(sql) - length(replace(sql, 'CHECK (', 'CHECK '))) AS checks \
     FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

/// Of the tables that have no row number of their own, the key is an index like others; of the rest, it is not.
const SQLITE_INDICES: &str = "SELECT i.name, \
     CASE i.origin WHEN 'pk' THEN 'primary' WHEN 'u' THEN 'unique' ELSE 'plain' END AS kind, \
     (SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) AS columns \
     FROM pragma_index_list(?) AS i \
     UNION ALL SELECT 'row number', 'primary', name FROM pragma_table_info(?) AS c WHERE pk = 1 AND type = 'INTEGER'";

const POSTGRES_TABLES: &str = "SELECT tablename::text AS name, (SELECT count(*)::int4 FROM pg_constraint \
     WHERE conrelid = tablename::regclass AND contype = 'c') AS checks \
     FROM pg_tables WHERE schemaname = 'public'";

const POSTGRES_COLUMNS: &str = "SELECT column_name::text AS name, data_type::text AS sql_type, \
     is_nullable = 'NO' AS not_null, column_default IS NOT NULL AS has_default, \
     collation_name::text AS collation \
     FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position";

const POSTGRES_INDICES: &str = "SELECT i.relname::text AS name, \
     CASE WHEN x.indisprimary THEN 'primary' WHEN x.indisunique THEN 'unique' ELSE 'plain' END AS kind, \
     (SELECT string_agg(a.attname, ',' ORDER BY k.number) \
      FROM unnest(x.indkey) WITH ORDINALITY AS k (attribute, number) \
      JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attribute) AS columns \
     FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = $1::regclass";

const POSTGRES_FOREIGN_KEYS: &str = "SELECT a.attname::text AS column, c.confrelid::regclass::text AS referred, \
     CASE c.confdeltype WHEN 'c' THEN 'CASCADE' ELSE c.confdeltype::text END AS on_delete \
     FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] \
     WHERE c.contype = 'f' AND c.conrelid = $1::regclass";

fn diesel_type(row: &ColumnRow) -> String {
    let name = match row.sql_type.as_str() {
        // An INTEGER is the number of SQLite's rows, and as long as those.
        "BIGINT" | "INTEGER" | "bigint" => "BigInt",
        "INT" | "integer" => "Integer",
        "SMALLINT" | "smallint" => "SmallInt",
        "DOUBLE" | "double precision" => "Double",
        "TEXT" | "text" => "Text",
        other => panic!("schema.rs has no type for {other}"),
    };
    if row.not_null { name.to_owned() } else { format!("Nullable<{name}>") }
}

fn table(
    columns: &[ColumnRow],
    indices: Vec<IndexRow>,
    references: Vec<ForeignKeyRow>,
    checks: i32,
) -> Table {
    let columns = columns.iter().map(|row| Column {
        name: row.name.clone(),
        diesel_type: diesel_type(row),
        has_default: row.has_default,
    });
    let mut table = Table {
        columns: columns.collect(),
        foreign_keys: references.into_iter().map(|row| (row.column, row.referred, row.on_delete)).collect(),
        checks: usize::try_from(checks).unwrap(),
        ..Table::default()
    };
    for index in indices {
        let mut names: Vec<String> = index.columns.split(',').map(str::to_owned).collect();
        match index.kind.as_str() {
            "primary" => table.key = names,
            "unique" => drop(table.unique.insert(names)),
            _ => {
                names.pop_if(|last| last == "id");
                table.indices.insert(index.name, names);
            }
        }
    }
    table
}

pub(crate) fn sqlite_schema(connection: &mut SqliteConnection) -> Schema {
    let tables: Vec<NameRow> = diesel::sql_query(SQLITE_TABLES).load(connection).unwrap();
    let ours = tables.into_iter().filter(|row| row.name != MIGRATIONS_TABLE);
    ours.map(|NameRow { name, checks }| {
        let columns = format!(
            "SELECT name, type AS sql_type, \"notnull\" AS not_null, dflt_value IS NOT NULL AS has_default, \
             NULL AS collation FROM pragma_table_info('{name}') ORDER BY cid"
        );
        let references = format!(
            "SELECT \"from\" AS \"column\", \"table\" AS referred, on_delete FROM pragma_foreign_key_list('{name}')"
        );
        let indices = diesel::sql_query(SQLITE_INDICES).bind::<Text, _>(&name).bind::<Text, _>(&name);
        let shape = table(
            &diesel::sql_query(columns).load(connection).unwrap(),
            indices.load(connection).unwrap(),
            diesel::sql_query(references).load(connection).unwrap(),
            checks,
        );
        (name, shape)
    })
    .collect()
}

pub(crate) fn postgres_schema(connection: &mut PgConnection) -> Schema {
    let tables: Vec<NameRow> = diesel::sql_query(POSTGRES_TABLES).load(connection).unwrap();
    let ours = tables.into_iter().filter(|row| row.name != MIGRATIONS_TABLE);
    ours.map(|NameRow { name, checks }| {
        let columns: Vec<ColumnRow> =
            diesel::sql_query(POSTGRES_COLUMNS).bind::<Text, _>(&name).load(connection).unwrap();
        for column in columns.iter().filter(|column| column.sql_type == "text") {
            let collation = column.collation.as_deref();
            assert_eq!(collation, Some("C"), "{name}.{} is not compared byte by byte", column.name);
        }
        let indices = diesel::sql_query(POSTGRES_INDICES).bind::<Text, _>(&name).load(connection).unwrap();
        let references =
            diesel::sql_query(POSTGRES_FOREIGN_KEYS).bind::<Text, _>(&name).load(connection).unwrap();
        (name, table(&columns, indices, references, checks))
    })
    .collect()
}

pub(crate) fn schema_of(place: &Place) -> Schema {
    match place {
        Place::Folder(_) => sqlite_schema(&mut place.connect_to_file()),
        Place::Server(database) => postgres_schema(&mut database.connect()),
    }
}

/// Checks that `schema.rs` has just these tables.
pub(crate) fn assert_committed(schema: &Schema) {
    let committed = include_str!("../../src/schema.rs");
    assert_eq!(committed.matches("diesel::table! {").count(), schema.len(), "{:?}", schema.keys());
    for (name, table) in schema {
        assert!(table.columns.len() <= 32, "diesel is built for tables of 32 columns");
        let mut expected = format!("diesel::table! {{\n    {name} ({}) {{\n", table.key.join(", "));
        for column in &table.columns {
            writeln!(expected, "        {} -> {},", column.name, column.diesel_type).unwrap();
        }
        expected.push_str("    }\n}\n");
        assert!(committed.contains(&expected), "schema.rs should have\n{expected}");
    }
}

#[test]
fn the_committed_schema_is_that_of_a_migrated_file() {
    assert_committed(&schema_of(&TestStore::new().place));
}

/// Checks that a server's database and a file have the same tables.
pub(crate) fn is_that_of_a_file(server: &Server) {
    let on_server = schema_of(&TestStore::on(server).place);
    assert_committed(&on_server);
    let in_file = schema_of(&TestStore::new().place);
    for (name, table) in &in_file {
        assert_eq!(on_server.get(name), Some(table), "{name}: left on the server, right in the file");
    }
}
