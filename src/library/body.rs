//! The passages that themes are found in: each text once, with its neighbours.

use std::collections::HashMap;

use topoi_index::{IdSet, PointId};

use super::{Gathered, Library};
use crate::article::{Passage, PassageId, ThemeId};
use crate::error::{Error, Result};
use crate::search::Shingles;
use crate::store::{Filter, KeptTheme};
use crate::themes::{self, NEIGHBOURS, Node, Structure, Themes};

/// Passages of two articles that are nearer than this are compared word by word, in case one is a copy of the other.
const MAY_BE_COPIES: f32 = 0.9;

/// The passages that a filter chooses, and how they are linked.
pub(super) struct Body {
    /// By number.
    pub(super) passages: Vec<Passage>,
    /// The node of each passage: copies share one.
    pub(super) node_of: Vec<u32>,
    /// The first passage of each node, by its place.
    pub(super) first: Vec<usize>,
    /// Of each node the nearest others, with their cosines.
    neighbours: Vec<Vec<(u32, f32)>>,
    /// The passages' vectors.
    pub(super) vectors: Gathered,
}

impl Body {
    pub(super) fn of(library: &Library, filter: &Filter) -> Result<Self> {
        library.expect_theme(filter)?;
        let mut passages = Vec::new();
        let take = &mut |passage| passages.push(passage);
        library.store().each_passage(filter, take)?;
        let mut body = Self {
            vectors: library.backend().gather(&passages)?,
            node_of: Vec::with_capacity(passages.len()),
            first: Vec::new(),
            neighbours: Vec::new(),
            passages,
        };
        body.collapse_same_texts();
        body.find_neighbours()?;
        body.collapse_near_copies();
        Ok(body)
    }

    /// Which nodes there are, if each text counts once.
    fn collapse_same_texts(&mut self) {
        let mut known: HashMap<&str, u32> = HashMap::new();
        for (place, passage) in self.passages.iter().enumerate() {
            let next = self.first.len() as u32;
            let node = *known.entry(&passage.text).or_insert(next);
            if node == next {
                self.first.push(place);
            }
            self.node_of.push(node);
        }
    }

    fn find_neighbours(&mut self) -> Result<()> {
        let point = |place: &usize| PointId(self.passages[*place].id.0);
        let only: IdSet = self.first.iter().map(point).collect();
        let scope = topoi_index::Selection {
            only: Some(&only),
            except: None,
        };
        let found = self.vectors.all_neighbours(NEIGHBOURS, &scope);
        // Both are ascending, so a neighbour's place is found by bisection.
        let ids: Vec<PointId> = self.first.iter().map(point).collect();
        if let Some(missing) = ids.iter().zip(&found).find(|(id, found)| **id != found.0) {
            return Err(Error::NoVector(PassageId(missing.0.0)));
        }
        if let Some(missing) = ids.get(found.len()) {
            return Err(Error::NoVector(PassageId(missing.0)));
        }
        let place = |id: PointId| ids.binary_search(&id).ok().map(|place| place as u32);
        self.neighbours = found
            .into_iter()
            .map(|(_, near)| {
                let near = near.into_iter();
                near.filter_map(|near| Some((place(near.id)?, near.score)))
                    .collect()
            })
            .collect();
        Ok(())
    }

    /// Makes one node of those that are the same text but for an editor's hand, in different articles.
    fn collapse_near_copies(&mut self) {
        let nodes = self.first.len();
        let mut into: Vec<u32> = (0..nodes as u32).collect();
        let mut shingles: HashMap<u32, Shingles> = HashMap::new();
        let passage = |node: u32| &self.passages[self.first[node as usize]];
        for (node, list) in self.neighbours.iter().enumerate() {
            let node = node as u32;
            for &(other, cosine) in list {
                let apart = passage(node).article != passage(other).article;
                if other < node && cosine >= MAY_BE_COPIES && apart {
                    for one in [node, other] {
                        let text = &passage(one).text;
                        shingles.entry(one).or_insert_with(|| Shingles::of(text));
                    }
                    if shingles[&node].is_copy(&shingles[&other]) {
                        into[node as usize] = into[node as usize].min(into[other as usize]);
                    }
                }
            }
        }
        // Copies name an earlier node, so that one pass in order finds the earliest.
        let mut number = vec![0; nodes];
        let mut first = Vec::with_capacity(nodes);
        for node in 0..nodes {
            let earliest = into[into[node] as usize];
            into[node] = earliest;
            number[node] = if earliest as usize == node {
                first.push(self.first[node]);
                first.len() as u32 - 1
            } else {
                number[earliest as usize]
            };
        }
        let is_first = |node: usize| into[node] as usize == node;
        let neighbours = std::mem::take(&mut self.neighbours).into_iter().enumerate();
        self.neighbours = neighbours
            .filter(|(node, _)| is_first(*node))
            .map(|(_, list)| {
                list.into_iter()
                    .map(|(other, cosine)| (number[other as usize], cosine))
                    .collect()
            })
            .collect();
        self.first = first;
        self.node_of
            .iter_mut()
            .for_each(|node| *node = number[*node as usize]);
    }

    /// Calls `work` with how the passages are put together. `held` is by node, as in [`Structure::new`].
    pub(super) fn structured<T>(
        &self,
        held: &[Option<u32>],
        work: impl FnOnce(&Structure<'_, '_>) -> Result<T>,
    ) -> Result<T> {
        let mut vectors = Vec::new();
        let mut dim = 0;
        let mut nodes = Vec::with_capacity(self.first.len());
        for &place in &self.first {
            let passage = &self.passages[place];
            let vector = self.vectors.vector(PointId(passage.id.0));
            let vector = vector.ok_or(Error::NoVector(passage.id))?;
            dim = vector.len();
            vectors.extend(vector);
            nodes.push(Node {
                text: &passage.text,
                article: passage.article.0,
            });
        }
        let vector = |node: usize| &vectors[node * dim..][..dim];
        work(&Structure::new(&nodes, &self.neighbours, &vector, held)?)
    }

    /// What is known of passages, by node: that of the first passage of which anything is.
    pub(super) fn by_node<T: Copy>(
        &self,
        known: impl Fn(PassageId) -> Option<T>,
    ) -> Vec<Option<T>> {
        let mut of = vec![None; self.first.len()];
        for (passage, &node) in self.passages.iter().zip(&self.node_of) {
            let of = &mut of[node as usize];
            *of = of.or_else(|| known(passage.id));
        }
        of
    }

    /// Themes that were found among the nodes, under these numbers and called after their terms, and of each passage its
    /// theme with how firmly it belongs: copies as what they are copies of.
    pub(super) fn themes(
        &self,
        found: &Themes,
        numbers: &[ThemeId],
    ) -> (Vec<KeptTheme>, Vec<(ThemeId, f64)>) {
        let labels: Vec<Vec<String>> = found
            .themes
            .iter()
            .map(|theme| theme.label.clone())
            .collect();
        let first_words = found.themes.iter().map(|theme| theme.exemplars.first());
        let first_words =
            first_words.map(|node| node.map_or("", |&node| &*self.passages[self.first[node]].text));
        let names = themes::names(&labels, &first_words.collect::<Vec<&str>>());
        let id_of = |node: usize| self.passages[self.first[node]].id;
        let mut strengths = vec![0.0; self.first.len()];
        let mut kept = Vec::with_capacity(numbers.len());
        for ((theme, &id), name) in found.themes.iter().zip(numbers).zip(names) {
            for member in &theme.passages {
                strengths[member.node] = member.strength;
            }
            kept.push(KeptTheme {
                id,
                name,
                given: None,
                title: None,
                terms: theme.label.clone(),
                exemplars: theme.exemplars.iter().map(|&node| id_of(node)).collect(),
                coherence: theme.coherence,
                pinned: false,
            });
        }
        let of = self.node_of.iter().map(|&node| node as usize);
        let of = of.map(|node| (numbers[found.assignment[node] - 1], strengths[node]));
        (kept, of.collect())
    }
}
