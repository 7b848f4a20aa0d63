//! The themes of a library: from its passages and their neighbours to what it is about.

use topoi_index::PointId;

use super::Library;
use crate::article::{Passage, PassageId};
use crate::error::{Error, Result};
use crate::store::Filter;
use crate::themes::{self, NEIGHBOURS, Node, Options, Themes};

/// Themes, and the passages that they are about.
#[derive(Debug, Clone, PartialEq)]
pub struct Commentary {
    /// The themes; a passage is named by its place in `passages`.
    pub themes: Themes,
    /// The passages that the filter chose, by number.
    pub passages: Vec<Passage>,
}

impl Library {
    /// What the passages that a filter chooses are about.
    ///
    /// # Errors
    ///
    /// Where the options can't be fulfilled, or the library is damaged.
    pub fn themes(&self, filter: &Filter, options: &Options<'_>) -> Result<Commentary> {
        let scope = self.scope(filter)?;
        let neighbours = self
            .searcher()
            .all_neighbours(NEIGHBOURS, &scope.selection());
        let ids: Vec<PointId> = neighbours.iter().map(|(id, _)| *id).collect();
        // Both are ascending, so a neighbour's place is found by bisection.
        let place = |id: PointId| {
            ids.binary_search(&id)
                .ok()
                .and_then(|place| u32::try_from(place).ok())
        };
        let lists: Vec<Vec<(u32, f32)>> = neighbours
            .iter()
            .map(|(_, list)| {
                list.iter()
                    .filter_map(|near| Some((place(near.id)?, near.score)))
                    .collect()
            })
            .collect();
        let mut passages = Vec::with_capacity(ids.len());
        let mut vectors = Vec::with_capacity(ids.len());
        for id in &ids {
            let id = PassageId(id.0);
            passages.push(self.store().passage(id)?.ok_or(Error::NoPassage(id))?);
            vectors.push(
                self.searcher()
                    .vector(PointId(id.0))
                    .ok_or(Error::NoVector(id))?,
            );
        }
        let nodes: Vec<Node<'_>> = passages
            .iter()
            .map(|passage| Node {
                text: &passage.text,
                article: passage.article.0,
            })
            .collect();
        let themes = themes::find(&nodes, &lists, &|place| vectors[place], options)?;
        Ok(Commentary { themes, passages })
    }
}
