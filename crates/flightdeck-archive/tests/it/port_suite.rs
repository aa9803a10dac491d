//! The promises of the port, kept on files.

use crate::folder::{ArchiveFolder, gzip};
use flightdeck_archive::FileArchive;
use flightdeck_model::{JobArchive, JobData, JobKey, JobMeta};
use flightdeck_testkit::{ArchiveUnderTest, job_archive_suite};

struct Files {
    folder: ArchiveFolder,
    archive: FileArchive,
    packed: bool,
}

impl Files {
    fn new(packed: bool) -> Self {
        let folder = ArchiveFolder::empty();
        let archive = folder.open();
        Self { folder, archive, packed }
    }

    fn write(&self, key: &JobKey, name: &str, content: &[u8]) {
        let JobKey { cluster, job_id, start_time } = key;
        let place = format!("{cluster}/{}/{:03}/{}/{name}", job_id / 1000, job_id % 1000, start_time.0);
        self.folder.write(&place, content);
    }

    fn write_data(&self, key: &JobKey, json: &[u8]) {
        if self.packed {
            self.write(key, "data.json.gz", &gzip(json));
        } else {
            self.write(key, "data.json", json);
        }
    }
}

impl ArchiveUnderTest for Files {
    fn archive(&self) -> &dyn JobArchive {
        &self.archive
    }

    fn put_cluster(&self, name: &str, json: &str) {
        self.folder.write(&format!("{name}/cluster.json"), json);
    }

    fn put_job(&self, meta: &JobMeta) {
        self.write(&meta.key(), "meta.json", &serde_json::to_vec(meta).unwrap());
    }

    fn put_data(&self, key: &JobKey, data: &JobData) {
        self.write_data(key, &serde_json::to_vec(data).unwrap());
    }

    fn damage_job(&self, key: &JobKey) {
        self.write(key, "meta.json", b"{\"jobId\": 1");
    }

    fn damage_data(&self, key: &JobKey) {
        self.write_data(key, b"{\"load\": {\"node\":");
    }
}

#[test]
fn an_archive_of_plain_data_files_keeps_the_promises_of_the_port() {
    job_archive_suite(|| Files::new(false));
}

#[test]
fn an_archive_of_packed_data_files_keeps_the_promises_of_the_port() {
    job_archive_suite(|| Files::new(true));
}
