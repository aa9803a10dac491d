use super::*;
use crate::{ArchiveUnderTest, job_archive_suite};

struct Memory(MemoryArchive);

impl ArchiveUnderTest for Memory {
    fn archive(&self) -> &dyn JobArchive {
        &self.0
    }

    fn put_cluster(&self, name: &str, json: &str) {
        self.0.insert_cluster(name, json);
    }

    fn put_job(&self, meta: &JobMeta) {
        self.0.insert_job(meta.clone());
    }

    fn put_data(&self, key: &JobKey, data: &JobData) {
        self.0.insert_data(key.clone(), data.clone());
    }

    fn damage_job(&self, key: &JobKey) {
        self.0.damage_job(key.clone(), "damaged for the test");
    }

    fn damage_data(&self, key: &JobKey) {
        self.0.damage_data(key.clone(), "damaged for the test");
    }
}

#[test]
fn the_memory_archive_behaves_like_an_archive() {
    job_archive_suite(|| Memory(MemoryArchive::new()));
}
