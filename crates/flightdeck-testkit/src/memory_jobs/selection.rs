//! Which jobs of the store in memory a selection means, and in which order.

use super::{Content, StoredJob};
use flightdeck_model::{JobFilter, JobSelection, Page, Range, SortKey, Tag, TagVisibility};
use std::cmp::Ordering;

impl Content {
    pub(super) fn fits(&self, stored: &StoredJob, selection: &JobSelection) -> bool {
        let meta = &stored.job.meta;
        let filter = &selection.filter;
        selection.visibility.allows(&meta.user, &meta.project)
            && (filter.states.is_empty() || filter.states.contains(&stored.state))
            && fits_names(stored, filter)
            && within(filter.start_time, meta.start_time.0)
            && within(filter.num_nodes, i64::from(meta.num_nodes))
            && within(filter.duration_s, stored.duration_s(selection.now))
            && within(filter.energy_kwh, stored.energy_kwh())
            && filter.tags.iter().all(|wanted| {
                self.visible_tags(stored, &selection.tags).iter().any(|tag| {
                    let is_of_type = wanted.tag_type.as_ref().is_none_or(|name| *name == tag.tag_type);
                    is_of_type && tag.name == wanted.name
                })
            })
    }

    pub(super) fn visible_tags(&self, stored: &StoredJob, visibility: &TagVisibility) -> Vec<Tag> {
        let is_shown = |tag: &&Tag| stored.tag_ids.contains(&tag.id) && visibility.allows(&tag.scope);
        self.tags.iter().filter(is_shown).cloned().collect()
    }

    pub(super) fn in_order(&self, selection: &JobSelection) -> Vec<&StoredJob> {
        let mut jobs: Vec<&StoredJob> = self.jobs.iter().filter(|job| self.fits(job, selection)).collect();
        jobs.sort_by(|left, right| compare(left, right, selection));
        jobs
    }

    pub(super) fn page(&self, selection: &JobSelection, page: Page) -> Vec<&StoredJob> {
        on_page(self.in_order(selection), page)
    }
}

/// The part of a list that is on a page.
pub(super) fn on_page<T>(list: impl IntoIterator<Item = T>, page: Page) -> Vec<T> {
    let skipped = usize::try_from(page.offset).unwrap_or(usize::MAX);
    let wanted = usize::try_from(page.limit).unwrap_or(usize::MAX);
    list.into_iter().skip(skipped).take(wanted).collect()
}

fn fits_names(stored: &StoredJob, filter: &JobFilter) -> bool {
    let meta = &stored.job.meta;
    let is = |wanted: &Option<String>, actual: &str| wanted.as_ref().is_none_or(|name| name == actual);
    is(&filter.cluster, &meta.cluster)
        && is(&filter.subcluster, &meta.sub_cluster)
        && is(&filter.partition, &meta.partition)
        && is(&filter.project, &meta.project)
        && is(&filter.user, &meta.user)
        && filter.job_id.is_none_or(|number| number == meta.job_id)
        && filter.array_job_id.is_none_or(|number| number == meta.array_job_id)
        && filter.node.as_ref().is_none_or(|host| stored.is_on(host))
}

/// Whether the value lies in the range; the bounds belong to it.
pub(super) fn within<T: PartialOrd + Copy>(range: Option<Range<T>>, value: T) -> bool {
    range.is_none_or(|bounds| {
        bounds.from.is_none_or(|smallest| value >= smallest)
            && bounds.to.is_none_or(|largest| value <= largest)
    })
}

fn compare(left: &StoredJob, right: &StoredJob, selection: &JobSelection) -> Ordering {
    let (is_last, by_value) = match &selection.order.key {
        SortKey::StartTime => (Ordering::Equal, left.job.meta.start_time.cmp(&right.job.meta.start_time)),
        SortKey::Duration => {
            let now = selection.now;
            (Ordering::Equal, left.duration_s(now).cmp(&right.duration_s(now)))
        }
        SortKey::NumNodes => (Ordering::Equal, left.job.meta.num_nodes.cmp(&right.job.meta.num_nodes)),
        SortKey::Energy => (Ordering::Equal, compare_numbers(left.energy_kwh(), right.energy_kwh())),
        SortKey::Footprint(key) => match (left.footprint(key), right.footprint(key)) {
            (Some(left_value), Some(right_value)) => {
                (Ordering::Equal, compare_numbers(left_value, right_value))
            }
            (left_value, right_value) => (left_value.is_none().cmp(&right_value.is_none()), Ordering::Equal),
        },
    };
    let by_value_and_id = by_value.then(left.id.cmp(&right.id));
    is_last.then(if selection.order.descending { by_value_and_id.reverse() } else { by_value_and_id })
}

fn compare_numbers(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right).unwrap_or(Ordering::Equal)
}
