//! Which points a search may give back: decided before the best k are taken, never after.

use crate::id_set::IdSet;
use crate::point::PointId;
use crate::segment::view::Members;

/// Which points a search may give back. The default is all of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Selection<'a> {
    /// Only these, where given.
    pub only: Option<&'a IdSet>,
    /// And none of these: tombstones, for example.
    pub except: Option<&'a IdSet>,
}

impl<'a> Selection<'a> {
    /// Every point.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only the points of a set.
    pub fn only(ids: &'a IdSet) -> Self {
        Self {
            only: Some(ids),
            except: None,
        }
    }

    /// The same without the points of a set.
    pub fn except(self, ids: &'a IdSet) -> Self {
        Self {
            except: Some(ids),
            ..self
        }
    }
}

/// A selection without one more point: the one whose neighbours are asked for.
#[derive(Clone, Copy)]
pub(crate) struct Filter<'a> {
    only: Option<&'a IdSet>,
    except: Option<&'a IdSet>,
    skip: Option<PointId>,
}

impl<'a> Filter<'a> {
    pub(crate) fn new(selection: &Selection<'a>, skip: Option<PointId>) -> Self {
        Self {
            only: selection.only,
            except: selection.except.filter(|ids| !ids.is_empty()),
            skip,
        }
    }

    #[inline]
    pub(crate) fn admits(&self, id: PointId) -> bool {
        self.only.is_none_or(|ids| ids.contains(id))
            && self.except.is_none_or(|ids| !ids.contains(id))
            && self.skip != Some(id)
    }

    /// At least as many as there are points to give back: never fewer, nearly always the same. It
    /// costs a pass over the bits, not over the points.
    pub(crate) fn at_most(&self, members: &Members<'_>) -> usize {
        let points = members.ids.len();
        match (self.only, members.range()) {
            (_, None) => 0,
            (None, _) => points,
            (Some(only), Some((first, last))) => {
                points.min(only.count_between(first, last, self.except))
            }
        }
    }

    /// The nodes of the points that a selective filter admits, ascending.
    pub(crate) fn nodes(&self, members: &Members<'_>) -> Vec<u32> {
        let (Some(only), Some((first, last))) = (self.only, members.range()) else {
            return Vec::new();
        };
        let ids = only.iter_between(first, last, self.except);
        let mut nodes: Vec<u32> = ids.filter_map(|id| members.node(id)).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
}
