//! Documents in the space of their vectors, and the themes of all or some of them.

use std::sync::Arc;

use tempfile::TempDir;
use topoi::themes::{self, NEIGHBOURS, Node, Options, Themes};
use topoi_index::{
    BuildOptions, Error, IdSet, PointId, Searcher, Segment, SegmentBuilder, Selection, Space,
};
use topoi_models::Embeddings;

use super::documents::Document;
use crate::commands::failure::Failure;
use crate::commands::interrupt;

/// From so many documents on neighbours are searched through a graph, as in a library; below it every document is compared
/// with every other one.
const GRAPH_FROM: usize = 50_000;

/// Documents with their vectors, which are in a segment of their own.
pub(super) struct Field<'d> {
    documents: &'d [Document],
    dim: usize,
    searcher: Searcher,
    /// Where the segment is, for as long as it is searched.
    _folder: TempDir,
}

impl<'d> Field<'d> {
    /// Takes a vector for each document, of any length but 0.
    pub(super) fn new(documents: &'d [Document], vectors: &Embeddings) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("documents.seg");
        let dim = vectors.dim();
        // Nothing but these vectors is ever in this space.
        let space = Space {
            dim,
            digest: [0; 32],
        };
        let mut builder = SegmentBuilder::create(&path, &space)?;
        for (number, (document, vector)) in documents.iter().zip(vectors.rows()).enumerate() {
            builder
                .push(point(number), vector)
                .map_err(|error| match error {
                    Error::Refused { source, .. } => anyhow::Error::from(Failure::new(format!(
                        "the vector of document {} can't be used: {source}",
                        document.id
                    ))),
                    error => error.into(),
                })?;
        }
        builder.finish(&BuildOptions {
            graph_from: GRAPH_FROM,
            ..BuildOptions::default()
        })?;
        let segment = Segment::open(&path, &space)?;
        Ok(Self {
            documents,
            dim,
            searcher: Searcher::new(vec![segment.into()])?,
            _folder: folder,
        })
    }

    /// How many numbers a vector has.
    pub(super) fn dim(&self) -> usize {
        self.dim
    }

    /// The vectors of all documents, of unit length.
    pub(super) fn vectors(&self) -> impl Iterator<Item = Vec<f32>> {
        let points = (0..self.documents.len()).map(point);
        points.filter_map(|point| self.searcher.vector(point))
    }

    /// The documents with these numbers, which are ascending.
    pub(super) fn choose(&self, numbers: &[usize]) -> Chosen<'_> {
        let points: IdSet = numbers.iter().copied().map(point).collect();
        let neighbours = self
            .searcher
            .all_neighbours(NEIGHBOURS, &Selection::only(&points));
        // Both are ascending, so a neighbour's place is found by bisection.
        let place = |point: PointId| {
            let place = numbers.binary_search_by_key(&point.0, |number| *number as u64);
            place.ok().map(|place| place as u32)
        };
        let neighbours = neighbours.into_iter().map(|(_, list)| {
            let list = list.into_iter();
            list.filter_map(|near| Some((place(near.id)?, near.score)))
                .collect()
        });
        let nodes = numbers.iter().filter_map(|&number| {
            // Each document is an article of its own, so that none is linked to the one before it in the file.
            Some(Node {
                text: &self.documents.get(number)?.text,
                article: number as u64,
            })
        });
        let vectors = numbers.iter().copied().map(point);
        Chosen {
            nodes: nodes.collect(),
            neighbours: neighbours.collect(),
            vectors: vectors
                .filter_map(|point| self.searcher.vector(point).map(Arc::from))
                .collect(),
        }
    }
}

fn point(number: usize) -> PointId {
    PointId(number as u64)
}

/// Documents whose themes are to be found, each with those nearest to it among them.
pub(super) struct Chosen<'f> {
    nodes: Vec<Node<'f>>,
    neighbours: Vec<Vec<(u32, f32)>>,
    vectors: Vec<Arc<[f32]>>,
}

impl Chosen<'_> {
    /// Finds the themes, unless the user asks to stop.
    pub(super) fn themes(&self, options: &Options<'_>) -> anyhow::Result<Themes> {
        if interrupt::requested() {
            return Err(topoi::Error::Interrupted.into());
        }
        let vectors = |node: usize| &*self.vectors[node];
        Ok(themes::find(
            &self.nodes,
            &self.neighbours,
            &vectors,
            options,
        )?)
    }

    /// The same documents in another order: the first is the one at the place `order[0]`.
    pub(super) fn reordered(&self, order: &[usize]) -> Self {
        let mut place = vec![0; order.len()];
        for (new, &old) in order.iter().enumerate() {
            place[old] = new as u32;
        }
        let neighbours = order.iter().map(|&old| {
            let list = self.neighbours[old].iter();
            list.map(|&(other, cosine)| (place[other as usize], cosine))
                .collect()
        });
        Self {
            nodes: order.iter().map(|&old| self.nodes[old]).collect(),
            neighbours: neighbours.collect(),
            vectors: order
                .iter()
                .map(|&old| Arc::clone(&self.vectors[old]))
                .collect(),
        }
    }
}
