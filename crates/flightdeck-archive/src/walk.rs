//! Lists where the jobs of an archive lie, without opening a single file of theirs.

use crate::layout::{self, ClusterName, JobPath, Layout};
use crate::{ArchiveError, FileError, clusters};
use std::fs;
use std::io;
use std::iter;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Beyond this the file system is what is waited for.
const MAX_THREADS: usize = 8;

/// Lists the jobs of all usable clusters, by cluster name, job number and start time.
///
/// A folder that cannot be listed stands in the answer as well, by its own place: silence would hide its jobs.
pub(crate) fn list_jobs(layout: &Layout) -> Result<Vec<String>, ArchiveError> {
    let mut locations = Vec::new();
    for cluster in clusters::names(layout)? {
        let folder = layout.cluster_folder(&cluster);
        let all_thousands = numbered_folders(layout, &folder, layout::thousands_from_name, &mut locations);
        locations.extend(list_in_parallel(layout, &cluster, &all_thousands).into_iter().flatten());
    }
    Ok(locations)
}

/// Lists many folders in their order, by several threads: each job number has a folder of its own, and to open
/// them one after the other is what takes the time.
fn list_in_parallel(layout: &Layout, cluster: &ClusterName, all_thousands: &[i64]) -> Vec<Vec<String>> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS);
    let next = AtomicUsize::new(0);
    let list_claimed = || {
        let claims = iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)));
        let claimed = claims.map_while(|index| Some((index, *all_thousands.get(index)?)));
        claimed
            .map(|(index, thousands)| (index, list_thousand(layout, cluster, thousands)))
            .collect::<Vec<_>>()
    };
    let mut lists: Vec<(usize, Vec<String>)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(list_claimed)).collect();
        let own = list_claimed();
        own.into_iter()
            .chain(others.into_iter().flat_map(|it| it.join().unwrap_or_else(|panic| resume_unwind(panic))))
            .collect()
    });
    lists.sort_unstable_by_key(|(index, _)| *index);
    lists.into_iter().map(|(_, list)| list).collect()
}

fn list_thousand(layout: &Layout, cluster: &ClusterName, thousands: i64) -> Vec<String> {
    let mut locations = Vec::new();
    let folder = layout.thousands_folder(cluster, thousands);
    for remainder in numbered_folders(layout, &folder, layout::remainder_from_name, &mut locations) {
        let Some(job_id) = layout::job_id(thousands, remainder) else { continue };
        let number_folder = layout.number_folder(cluster, job_id);
        let start_times =
            numbered_folders(layout, &number_folder, layout::start_time_from_name, &mut locations);
        let jobs = start_times
            .into_iter()
            .filter_map(|start_time| JobPath::new(cluster.clone(), job_id, start_time));
        locations.extend(jobs.map(|job| job.to_string()));
    }
    locations
}

/// Why a location of [`list_jobs`] is the place of a folder rather than of a job; `None` when it is no such
/// place, or the folder can be listed by now.
pub(crate) fn why_unlisted(layout: &Layout, location: &str) -> Option<FileError> {
    let folder = layout.folder_above_jobs(location)?;
    fs::read_dir(folder).err().map(FileError::Unlisted)
}

/// The sub-folders of a folder whose names are numbers of the kind wanted here, ascending. Whatever else lies
/// there is none of the archive's; links are not followed, so there are no loops. A folder that cannot be listed
/// is added to the locations.
fn numbered_folders<T: Ord>(
    layout: &Layout,
    folder: &Path,
    number: fn(&str) -> Option<T>,
    locations: &mut Vec<String>,
) -> Vec<T> {
    match read_numbers(folder, number) {
        Ok(mut numbers) => {
            numbers.sort_unstable();
            numbers
        }
        // A folder that is gone since its parent was listed held nothing any more.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(_) => {
            locations.push(layout.place_of(folder));
            Vec::new()
        }
    }
}

fn read_numbers<T>(folder: &Path, number: fn(&str) -> Option<T>) -> io::Result<Vec<T>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // The type comes with the name; to ask for it costs no call of the system.
        if entry.file_type().is_ok_and(|file_type| file_type.is_dir()) {
            numbers.extend(entry.file_name().to_str().and_then(number));
        }
    }
    Ok(numbers)
}
