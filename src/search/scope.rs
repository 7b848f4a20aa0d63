//! Which passages a search may find.

use topoi_index::{IdSet, PointId, Selection};

use crate::article::PassageId;
use crate::error::Result;
use crate::library::{Library, point_set};
use crate::store::Filter;

/// Which passages a search may find.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    only: Option<IdSet>,
    except: IdSet,
}

impl Scope {
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
        self.only.as_ref().map_or(all, |only| only.len().min(all))
    }

    /// Leaves only those of the passages that are in `only` too.
    pub(super) fn restrict(&mut self, only: IdSet) {
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

impl Library {
    /// The passages that a filter lets in, as the vector search wants them.
    pub(crate) fn scope(&self, filter: &Filter) -> Result<Scope> {
        self.expect_theme(filter)?;
        let only = if filter.is_any_article() {
            None
        } else {
            Some(point_set(self.store().matching(filter)?))
        };
        // What matches a filter is of the right kind already.
        let except = if filter.all_kinds || only.is_some() {
            self.tombstones()
        } else {
            self.hidden()?
        };
        Ok(Scope {
            only,
            except: except.clone(),
        })
    }
}
