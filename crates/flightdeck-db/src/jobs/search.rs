//! Turns a selection into conditions on the job table, in the form that an index can answer.
//!
//! Lists are mostly ordered by start time, and most indices go on with it: one equality and the order are
//! answered by reading an index until the page is full. Conditions that allow several values (states, the
//! projects of a manager), and those that only ended jobs have an index for, are split into [`Part`]s when
//! nothing else narrows the search: each is a state of a cluster, or the ended jobs, or the jobs of a project.
//! The parts are merged in order. A host or tag leads to its jobs by an index of its own, see `lookup`.

use super::lookup::{Driven, Key, has_any_tag};
use super::statement::{
    HasEnded, IsInArray, JobIds, MergeBy, MergedIds, OrderedIds, SortBy, StartTime, Statement, Window,
};
use super::tags::TagTable;
use crate::DbError;
use crate::connection::{AnyConnection, Backend};
use crate::schema::{job, job_total};
use diesel::expression::BoxableExpression;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use flightdeck_model::{JobFilter, JobOrder, JobSelection, JobState, JobVisibility, Page, Range, SortKey};
use std::collections::BTreeSet;

/// A condition on a job.
pub(super) type Condition<'a> = Box<dyn BoxableExpression<job::table, Backend, SqlType = Bool> + 'a>;

/// More parts than this are not worth merging.
const MOST_PARTS: usize = 48;

/// A kept statement takes some 10 KiB; these many conditions are the usual lists.
const MOST_KEPT_CONDITIONS: usize = 2;

/// The same of the parts of a search: those of a cluster, or of a state at a site of a few clusters.
const MOST_KEPT_PARTS: usize = 4;

/// A selection, ready to be turned into queries.
pub(super) struct Search<'a> {
    selection: &'a JobSelection,
    /// The states that are asked for, each once; empty: any.
    states: Vec<JobState>,
    /// Hosts and tags that the jobs must have.
    keys: Vec<Key<'a>>,
    /// Sets of tags of each of which the jobs must have one.
    any_tags: Vec<Vec<i64>>,
    /// Which of the keys leads to the jobs.
    driver: Option<Key<'a>>,
    parts: Vec<Part<'a>>,
    /// Whether an index gives the jobs in the order of start times.
    has_order: bool,
}

/// One of the disjoint sets that a search is made of. `None`: not split by this.
#[derive(Debug, Clone, Copy, Default)]
struct Part<'a> {
    owner: Option<Owner<'a>>,
    cluster: Option<&'a str>,
    state: Option<JobState>,
    has_ended: bool,
}

/// Whose jobs a part has, where a manager asks.
#[derive(Debug, Clone, Copy)]
enum Owner<'a> {
    /// The manager's own.
    Manager(&'a str),
    /// Others' in a project.
    OthersIn { project: &'a str, manager: &'a str },
}

/// The clusters that have had jobs, where a search of the selection is split by them; otherwise none.
pub(super) fn clusters_to_split_by(
    connection: &mut AnyConnection,
    selection: &JobSelection,
) -> Result<Vec<String>, DbError> {
    let has_cluster = selection.filter.cluster.is_some();
    if has_cluster || (selection.filter.states.is_empty() && !needs_index_of_ended(selection)) {
        return Ok(Vec::new());
    }
    let all = job_total::table.select(job_total::cluster).distinct().order(job_total::cluster);
    Ok(all.load(connection)?)
}

/// Whether an index on ended jobs alone is of use. Running jobs are few; keeping them out of these indices is what
/// makes starts cheap.
fn needs_index_of_ended(selection: &JobSelection) -> bool {
    let filter = &selection.filter;
    is_bounded(filter.duration_s)
        || is_bounded(filter.num_nodes)
        || is_bounded(filter.energy_kwh)
        || matches!(selection.order.key, SortKey::NumNodes | SortKey::Energy)
}

impl<'a> Search<'a> {
    /// Prepares the search; `None` when no job can fit. `clusters` are those of [`clusters_to_split_by`].
    pub(super) fn new(
        selection: &'a JobSelection,
        tags: &TagTable,
        clusters: &'a [String],
    ) -> Result<Option<Self>, DbError> {
        check_sort_key(&selection.order.key)?;
        let filter = &selection.filter;
        let tag_ids: Vec<Vec<i64>> =
            filter.tags.iter().map(|wanted| tags.ids_fitting(wanted, &selection.tags)).collect();
        if tag_ids.iter().any(Vec::is_empty) {
            return Ok(None);
        }
        let states: BTreeSet<JobState> = filter.states.iter().copied().collect();
        let all_states = states.len() == JobState::ALL.len();
        let states = if all_states { Vec::new() } else { states.into_iter().collect() };
        let (single_tags, any_tags): (Vec<_>, Vec<_>) = tag_ids.into_iter().partition(|ids| ids.len() == 1);
        let hosts = filter.node.iter().map(|host| Key::Host(host));
        let keys = hosts.chain(single_tags.into_iter().flatten().map(Key::Tag)).collect();
        let mut search =
            Self { selection, states, keys, any_tags, driver: None, parts: Vec::new(), has_order: false };
        search.driver = search.find_driver();
        search.parts = search.split(clusters);
        search.has_order = search.has_anchor() || search.conditions().is_empty();
        Ok(Some(search))
    }

    /// Whether an equality, or a range of start times, leads to the jobs in the order of start times.
    fn has_anchor(&self) -> bool {
        let is_of_cluster_or_state = |part: &Part<'_>| part.cluster.is_some();
        self.has_equality()
            || is_bounded(self.selection.filter.start_time)
            || self.parts.iter().any(is_of_cluster_or_state)
    }

    /// Whether an equality that has an index of its own leads to the jobs in the order of start times.
    fn has_equality(&self) -> bool {
        let filter = &self.selection.filter;
        filter.subcluster.is_some() || filter.partition.is_some() || self.has_owner_filter() || self.is_own()
    }

    /// Whether the asker sees nothing but their own jobs.
    fn is_own(&self) -> bool {
        match &self.selection.visibility {
            JobVisibility::Own { .. } => true,
            JobVisibility::ProjectsAndOwn { projects, .. } => projects.is_empty(),
            JobVisibility::All => false,
        }
    }

    /// The key that leads to the jobs, if they are not those of one owner anyway.
    fn find_driver(&self) -> Option<Key<'a>> {
        if self.is_own() || self.has_owner_filter() {
            return None;
        }
        self.keys.first().copied()
    }

    /// Whether the jobs have to be looked up in another table.
    fn has_lookup(&self) -> bool {
        !self.keys.is_empty() || !self.any_tags.is_empty()
    }

    /// Whether the jobs of one owner, project or number are asked for, which narrows more than anything.
    fn has_owner_filter(&self) -> bool {
        let filter = &self.selection.filter;
        filter.user.is_some()
            || filter.project.is_some()
            || filter.job_id.is_some()
            || filter.array_job_id.is_some()
    }

    fn split(&self, clusters: &'a [String]) -> Vec<Part<'a>> {
        let owners = self.split_owners();
        if owners.len() > 1 {
            let part = |owner| Part { owner: Some(owner), ..Part::default() };
            return owners.into_iter().map(part).collect();
        }
        if self.has_equality() || self.has_lookup() {
            return vec![Part::default()];
        }
        let parts = self.split_by_cluster_and_state(clusters);
        if (1..=MOST_PARTS).contains(&parts.len()) { parts } else { vec![Part::default()] }
    }

    /// The states of clusters that are asked for; without a state, the running jobs of clusters and what has ended. None
    /// when there is no condition on either.
    fn split_by_cluster_and_state(&self, clusters: &'a [String]) -> Vec<Part<'a>> {
        let of_cluster = self.selection.filter.cluster.as_deref();
        let clusters = || of_cluster.into_iter().chain(clusters.iter().map(String::as_str)).map(Some);
        let with_state = |state| clusters().map(move |cluster| Part { cluster, state, ..Part::default() });
        if !self.states.is_empty() {
            return self.states.iter().flat_map(|state| with_state(Some(*state))).collect();
        }
        if of_cluster.is_none()
            && (is_bounded(self.selection.filter.start_time) || !needs_index_of_ended(self.selection))
        {
            return Vec::new();
        }
        let ended = Part { cluster: of_cluster, has_ended: true, ..Part::default() };
        with_state(Some(JobState::Running)).chain([ended]).collect()
    }

    /// What the parts of the search are merged by; `None` for an order that no index has.
    fn merge_by(&self, part: Part<'_>) -> Option<MergeBy> {
        match self.selection.order.key {
            SortKey::StartTime => {
                let by_index = !part.has_ended || part.cluster.is_some();
                Some(MergeBy::StartTime(StartTime { by_index }))
            }
            SortKey::NumNodes => Some(MergeBy::NumNodes),
            SortKey::Energy => Some(MergeBy::Energy),
            SortKey::Duration | SortKey::Footprint(_) => None,
        }
    }

    /// One query for each part; `None` when they are not to be merged.
    fn merged_parts(&self) -> Option<Vec<(MergeBy, Vec<Condition<'a>>)>> {
        if self.parts.len() < 2 {
            return None;
        }
        let part = |part: &Part<'a>| Some((self.merge_by(*part)?, self.conditions_of(*part, None)));
        self.parts.iter().map(part).collect()
    }

    fn split_owners(&self) -> Vec<Owner<'a>> {
        let JobVisibility::ProjectsAndOwn { projects, username } = &self.selection.visibility else {
            return Vec::new();
        };
        if self.has_owner_filter() || self.has_lookup() || projects.len() >= MOST_PARTS {
            return Vec::new();
        }
        let distinct: BTreeSet<&str> = projects.iter().map(String::as_str).collect();
        let in_projects = distinct.into_iter().map(|project| Owner::OthersIn { project, manager: username });
        std::iter::once(Owner::Manager(username)).chain(in_projects).collect()
    }

    /// Whether the list can be read off one index, or off the rows that a lookup gives, without finding the
    /// ids of its page first.
    pub(super) fn is_direct(&self) -> bool {
        let is_plain = self.parts.len() == 1 && self.selection.order.key == SortKey::StartTime;
        is_plain && self.driver.is_none() && (self.has_order || self.has_lookup())
    }

    /// Whether the prepared statements of the search are worth keeping.
    pub(super) fn is_usual(&self, conditions: usize) -> bool {
        let has_usual_order = self.selection.order == JobOrder::default();
        self.parts.len() <= MOST_KEPT_PARTS
            && (conditions == 0 || (has_usual_order && conditions <= MOST_KEPT_CONDITIONS))
    }

    /// All conditions of the search, not split.
    pub(super) fn conditions(&self) -> Vec<Condition<'a>> {
        if let [only] = self.parts.as_slice() {
            return self.conditions_of(*only, None);
        }
        let mut conditions = self.conditions_of(Part::default(), None);
        let is_split_by_cluster = self.parts.iter().any(|part| part.cluster.is_some());
        if is_split_by_cluster && self.states.is_empty() && self.selection.filter.cluster.is_some() {
            // What leads to the jobs of a cluster when they are not to be merged.
            add_states(&mut conditions, &JobState::ALL);
        }
        conditions
    }

    /// The conditions on a part, but for what the key that leads to the jobs says already.
    fn conditions_of(&self, part: Part<'a>, driver: Option<Key<'a>>) -> Vec<Condition<'a>> {
        let filter = &self.selection.filter;
        let mut conditions = Vec::new();
        match part.owner {
            Some(owner) => add_owner(&mut conditions, owner),
            None => conditions.extend(visibility_condition(&self.selection.visibility)),
        }
        if let Some(cluster) = part.cluster.or(filter.cluster.as_deref()) {
            conditions.push(Box::new(job::cluster.eq(cluster)));
        }
        add_equalities(&mut conditions, filter);
        match part.state {
            Some(state) => conditions.push(Box::new(job::job_state.eq(state.as_str()))),
            None => add_states(&mut conditions, &self.states),
        }
        if let Some(range) = filter.start_time.filter(|_| driver.is_none()) {
            add_start_time(&mut conditions, range);
        }
        if part.has_ended {
            conditions.push(Box::new(HasEnded));
        }
        self.add_duration(&mut conditions, part);
        add_measures(&mut conditions, filter);
        let other_keys = self.keys.iter().filter(|key| Some(**key) != driver);
        conditions.extend(other_keys.map(|key| key.condition()));
        conditions.extend(self.any_tags.iter().map(|ids| has_any_tag(ids)));
        conditions
    }

    fn add_duration(&self, conditions: &mut Vec<Condition<'a>>, part: Part<'a>) {
        let Some(range) = self.selection.filter.duration_s.filter(|range| is_bounded(Some(*range))) else {
            return;
        };
        let state =
            part.state.or_else(|| if self.states.len() == 1 { self.states.first().copied() } else { None });
        let may_run = self.states.is_empty() || self.states.contains(&JobState::Running);
        let running = JobState::Running.as_str();
        // A job that started at `now - d` has been running for d seconds.
        let now = self.selection.now.0;
        let started = Range {
            from: range.to.map(|longest| now.saturating_sub(longest)),
            to: range.from.map(|shortest| now.saturating_sub(shortest)),
        };
        if state == Some(JobState::Running) {
            add_start_time(conditions, started);
        } else if state.is_some() || !may_run || part.has_ended {
            conditions.extend(stored_duration(range));
        } else {
            let mut of_running: Vec<Condition<'a>> = vec![Box::new(job::job_state.eq(running))];
            add_start_time(&mut of_running, started);
            let mut of_ended: Vec<Condition<'a>> = vec![Box::new(job::job_state.ne(running))];
            of_ended.extend(stored_duration(range));
            if let (Some(running_jobs), Some(ended_jobs)) = (all_of(of_running), all_of(of_ended)) {
                conditions.push(Box::new(running_jobs.or(ended_jobs)));
            }
        }
    }

    /// The ids of a page of the search, in order.
    pub(super) fn ids(&self, page: Page) -> Statement<JobIds<'a>> {
        let descending = self.selection.order.descending;
        let mut most_conditions = 0;
        let query = if let Some(driver) = self.driver {
            let mut driven = self.driven_by(driver);
            most_conditions = driven.conditions.len() + 1;
            driven.sort = Some(self.sort());
            JobIds::Driven(driven)
        } else if let Some(parts) = self.merged_parts() {
            let mut sets = Vec::with_capacity(parts.len());
            for (merge_by, conditions) in parts {
                most_conditions = most_conditions.max(conditions.len());
                let all: MergedIds<'a> = job::table.select((job::id, merge_by)).into_boxed();
                sets.push(conditions.into_iter().fold(all, QueryDsl::filter));
            }
            JobIds::Merged { sets, descending }
        } else {
            let conditions = self.conditions();
            most_conditions = conditions.len();
            let all: OrderedIds<'a> = job::table.select(job::id).into_boxed();
            JobIds::Of(conditions.into_iter().fold(all, QueryDsl::filter).order(self.sort()))
        };
        Statement { query, window: Some(Window::from(page)), kept: self.is_usual(most_conditions) }
    }

    fn driven_by(&self, driver: Key<'a>) -> Driven<'a> {
        Driven {
            key: driver,
            start_time: self.selection.filter.start_time,
            conditions: self.conditions_of(Part::default(), Some(driver)),
            sort: None,
        }
    }

    /// Counts the jobs of the search on the connection.
    pub(super) fn count(&self, connection: &mut AnyConnection) -> Result<u64, DbError> {
        if let Some(driver) = self.driver {
            let query = self.driven_by(driver);
            let kept = self.is_usual(query.conditions.len() + 1);
            let count: i64 = Statement { query, window: None, kept }.get_result(connection)?;
            return Ok(u64::try_from(count).unwrap_or_default());
        }
        let mut total = 0;
        for part in &self.parts {
            let conditions = self.conditions_of(*part, None);
            let kept = self.is_usual(conditions.len());
            let all = job::table.count().into_boxed::<Backend>();
            let query = conditions.into_iter().fold(all, QueryDsl::filter);
            let count: i64 = Statement { query, window: None, kept }.get_result(connection)?;
            total += u64::try_from(count).unwrap_or_default();
        }
        Ok(total)
    }

    /// The order of the selection, for a query of jobs.
    pub(super) fn sort(&self) -> SortBy {
        let start_time = StartTime { by_index: self.has_order };
        SortBy::new(&self.selection.order, start_time, self.selection.now)
    }
}

fn is_bounded<T>(range: Option<Range<T>>) -> bool {
    range.is_some_and(|bounds| bounds.from.is_some() || bounds.to.is_some())
}

/// The condition that a selection may see a job; `None` when it may see all.
pub(super) fn visibility_condition(visibility: &JobVisibility) -> Option<Condition<'_>> {
    match visibility {
        JobVisibility::All => None,
        JobVisibility::Own { username } => Some(Box::new(job::hpc_user.eq(username.as_str()))),
        JobVisibility::ProjectsAndOwn { projects, username } if projects.is_empty() => {
            Some(Box::new(job::hpc_user.eq(username.as_str())))
        }
        JobVisibility::ProjectsAndOwn { projects, username } => {
            Some(Box::new(job::hpc_user.eq(username.as_str()).or(job::project.eq_any(projects))))
        }
    }
}

fn add_owner<'a>(conditions: &mut Vec<Condition<'a>>, owner: Owner<'a>) {
    match owner {
        Owner::Manager(manager) => conditions.push(Box::new(job::hpc_user.eq(manager))),
        Owner::OthersIn { project, manager } => {
            conditions.push(Box::new(job::project.eq(project)));
            conditions.push(Box::new(job::hpc_user.ne(manager)));
        }
    }
}

fn add_equalities<'a>(conditions: &mut Vec<Condition<'a>>, filter: &'a JobFilter) {
    if let Some(subcluster) = &filter.subcluster {
        conditions.push(Box::new(job::subcluster.eq(subcluster.as_str())));
    }
    if let Some(partition) = &filter.partition {
        conditions.push(Box::new(job::cluster_partition.eq(partition.as_str())));
    }
    if let Some(project) = &filter.project {
        conditions.push(Box::new(job::project.eq(project.as_str())));
    }
    if let Some(user) = &filter.user {
        conditions.push(Box::new(job::hpc_user.eq(user.as_str())));
    }
    if let Some(job_id) = filter.job_id {
        conditions.push(Box::new(job::job_id.eq(job_id)));
    }
    if let Some(array_job_id) = filter.array_job_id {
        conditions.push(Box::new(job::array_job_id.eq(array_job_id)));
        if array_job_id != 0 {
            conditions.push(Box::new(IsInArray));
        }
    }
}

fn add_states(conditions: &mut Vec<Condition<'_>>, states: &[JobState]) {
    match states {
        [] => {}
        [state] => conditions.push(Box::new(job::job_state.eq(state.as_str()))),
        several => {
            let names: Vec<&'static str> = several.iter().map(|state| state.as_str()).collect();
            conditions.push(Box::new(job::job_state.eq_any(names)));
        }
    }
}

fn add_start_time(conditions: &mut Vec<Condition<'_>>, range: Range<i64>) {
    if let Some(from) = range.from {
        conditions.push(Box::new(job::start_time.ge(from)));
    }
    if let Some(to) = range.to {
        conditions.push(Box::new(job::start_time.le(to)));
    }
}

fn stored_duration<'a>(range: Range<i64>) -> Vec<Condition<'a>> {
    let mut conditions: Vec<Condition<'a>> = Vec::new();
    if let Some(from) = range.from {
        conditions.push(Box::new(job::duration.ge(from)));
    }
    if let Some(to) = range.to {
        conditions.push(Box::new(job::duration.le(to)));
    }
    conditions
}

fn add_measures(conditions: &mut Vec<Condition<'_>>, filter: &JobFilter) {
    if let Some(range) = filter.num_nodes {
        if let Some(from) = range.from {
            conditions.push(Box::new(job::num_nodes.ge(from)));
        }
        if let Some(to) = range.to {
            conditions.push(Box::new(job::num_nodes.le(to)));
        }
    }
    if let Some(range) = filter.energy_kwh {
        if let Some(from) = range.from {
            conditions.push(Box::new(job::energy.ge(from)));
        }
        if let Some(to) = range.to {
            conditions.push(Box::new(job::energy.le(to)));
        }
    }
}

fn all_of(conditions: Vec<Condition<'_>>) -> Option<Condition<'_>> {
    conditions.into_iter().reduce(|all, condition| Box::new(all.and(condition)))
}

fn check_sort_key(key: &SortKey) -> Result<(), DbError> {
    let SortKey::Footprint(name) = key else {
        return Ok(());
    };
    let is_plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_plain { Ok(()) } else { Err(DbError::FootprintKey { key: name.clone() }) }
}
