//! Which passages a search may find.

use topoi_index::{IdSet, PointId, Selection};

use crate::article::PassageId;
use crate::lexical::Query;
use crate::store::Filter;

/// Which passages a search may find.
///
/// In a folder it is sets of passages, before anything is searched. Servers choose by what is said here of it, while they
/// search.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    filter: Filter,
    only: Option<IdSet>,
    except: IdSet,
    /// The question that demands something of them.
    demanding: Option<Query>,
    /// How many there are, at most, where that is known otherwise.
    count: Option<usize>,
}

impl Scope {
    /// What a filter chooses, as sets.
    pub(crate) fn of_sets(filter: &Filter, only: Option<IdSet>, except: IdSet) -> Self {
        Self {
            filter: filter.clone(),
            only,
            except,
            demanding: None,
            count: None,
        }
    }

    /// What a filter chooses: so many, where that is known, and of those in `only`, where they are.
    pub(crate) fn of_filter(filter: &Filter, only: Option<IdSet>, count: Option<usize>) -> Self {
        Self {
            count,
            ..Self::of_sets(filter, only, IdSet::new())
        }
    }

    /// The filter that chooses them.
    pub(crate) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The only ones that there are, where they are known.
    pub(crate) fn only(&self) -> Option<&IdSet> {
        self.only.as_ref()
    }

    /// Those that are left out.
    pub(crate) fn except(&self) -> &IdSet {
        &self.except
    }

    /// The question that demands something of them.
    pub(crate) fn demanding(&self) -> Option<&Query> {
        self.demanding.as_ref()
    }

    /// Leaves only those that have what a question demands.
    pub(crate) fn demand(&mut self, query: &Query) {
        self.demanding = Some(query.clone());
    }

    pub(crate) fn selection(&self) -> Selection<'_> {
        Selection {
            only: self.only.as_ref(),
            except: Some(&self.except),
        }
    }

    /// Whether a passage may be found.
    pub(crate) fn contains(&self, id: PointId) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(id)) && !self.except.contains(id)
    }

    /// How many of `all` passages may be found, at most.
    pub(super) fn at_most(&self, all: usize) -> usize {
        let only = self.only.as_ref().map(IdSet::len).or(self.count);
        only.map_or(all, |only| only.min(all))
    }

    /// Leaves only those of the passages that are in `only` too.
    pub(crate) fn restrict(&mut self, only: IdSet) {
        match &mut self.only {
            None => self.only = Some(only),
            Some(before) => before.intersect_with(&only),
        }
    }

    pub(super) fn exclude(&mut self, passages: impl IntoIterator<Item = PassageId>) {
        let points = passages.into_iter().map(|id| PointId(id.0));
        self.except.extend(points);
    }
}
