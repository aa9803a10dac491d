use crate::store::{Maker, TestStore};
use flightdeck_model::{AuditAction, AuditFilter, AuditLog, Page};
use flightdeck_testkit::{audit_entry, wait};

/// Checks that nobody can change or remove what the log says, by whatever statement.
pub(crate) fn entries_stay(make: Maker<'_>, statements: &[&str]) {
    let store = make();
    let entry = audit_entry(AuditAction::DeleteJob, "alpha/1/1700000000");
    wait(store.database.record(entry.clone())).unwrap();
    for statement in statements {
        let error = store.place.try_execute(statement).unwrap_err().to_string();
        assert!(error.contains("audit log"), "{statement}: {error}");
    }
    let page = store.database.list_entries(&AuditFilter::default(), Page { offset: 0, limit: 9 }).unwrap();
    assert_eq!(page.total, 1);
    assert_eq!(page.entries[0].entry, entry);
}

#[test]
fn entries_stay_in_sqlite() {
    let statements = [
        "DELETE FROM audit_entry",
        "UPDATE audit_entry SET username = 'somebody else'",
        "REPLACE INTO audit_entry SELECT id, 0, '', '', '', action, '', outcome, '' FROM audit_entry",
    ];
    entries_stay(&TestStore::new, &statements);
}
