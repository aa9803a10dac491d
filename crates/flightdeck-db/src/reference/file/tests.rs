use super::*;

#[test]
fn a_file_that_somebody_writes_to_is_noticed() {
    for suffix in ["", "-wal"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("job.db");
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference-job.db");
        std::fs::write(&path, std::fs::read(fixture).unwrap()).unwrap();
        let file = ReferenceFile::open(&path).unwrap();
        file.check_unchanged().unwrap();
        std::fs::write(with_suffix(&path, suffix), "written by somebody else").unwrap();
        let error = file.check_unchanged().unwrap_err();
        assert!(matches!(error, DbError::ReferenceChanged { .. }), "{error:?}");
    }
}
