//! What a body of commentary is about: passages that treat the same matter, found, named and counted.
//!
//! [`find`] takes passages, the nearest neighbours of each (from the vector index) and their vectors, and divides
//! the passages into themes. A [`graph`] links neighbours, and those that follow each other in an article; the
//! passages are drawn together along its links, joined into a tree of ever larger groups, and at each number of groups moved to where
//! they are nearest. The number that tells the most is taken. For each theme there is a label, the
//! passages that stand for it, and how firmly each passage belongs. Every passage has a theme: there is no
//! bucket of the unclassifiable. Nothing is left to chance, and everything here is a function of its arguments: nothing is read,
//! written or printed, and the same arguments give the same themes on any number of threads.
//!
//! ```
//! use topoi::themes::{Node, Options, find};
//!
//! let texts = ["Interest rates rose.", "Interest rates fell.", "The match was lost.", "The match was won."];
//! let nodes: Vec<Node<'_>> = (0..).zip(texts).map(|(article, text)| Node { text, article }).collect();
//! let vectors = [[1.0, 0.0], [0.8, 0.6], [-1.0, 0.0], [-0.8, -0.6]];
//! let neighbours = [vec![(1, 0.8)], vec![(0, 0.8)], vec![(3, 0.8)], vec![(2, 0.8)]];
//!
//! let options = Options { min_size: 2, ..Options::default() };
//! let themes = find(&nodes, &neighbours, &|node| &vectors[node], &options)?;
//! assert_eq!(themes.assignment, [1, 1, 2, 2]);
//! assert_eq!(themes.themes[0].label, ["Interest rates"]);
//! # Ok::<(), topoi::themes::ThemesError>(())
//! ```

mod centroids;
mod choice;
pub mod comparison;
mod context;
mod corpus;
mod diffusion;
mod error;
mod forms;
pub mod graph;
mod labels;
pub mod layout;
pub mod ledger;
mod levels;
pub mod map;
pub mod measures;
mod members;
mod names;
mod nouns;
mod novelty;
mod odds;
pub mod partition;
mod parts;
mod stop_words;
mod tree;
pub mod trends;
mod words;

use rayon::prelude::*;
use serde::Serialize;

pub use error::ThemesError;
pub use names::names;

use centroids::Centroids;
use diffusion::Points;
use graph::Graph;
use levels::Ground;
use members::membership;
use partition::Partition;
use tree::Tree;

/// How many neighbours of each passage the themes are found from, at most: what the constants here were tuned with.
pub const NEIGHBOURS: usize = 15;

/// How many at least.
const FEWEST_NEIGHBOURS: usize = 5;

/// The square root of the number of passages for each neighbour. In a small body, 15 neighbours are those of other themes
/// too: with 7 of them, 403 debate arguments under 15 labels have 8 themes and with all of them 5 (V-measure .47 and .37).
const ROOT_PER_NEIGHBOUR: f64 = 3.0;

/// The fewest passages that make a theme, where nothing else is asked for.
pub const MIN_SIZE: usize = 5;

/// How many terms a label has at most.
const LABEL_LENGTH: usize = 5;

/// How many passages stand for a theme.
const EXEMPLARS: usize = 3;

/// Themes from before are kept where they are worth this share of the best that could be found anew.
const KEPT_ABOVE: f64 = 0.95;

/// A passage, and the article that it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node<'a> {
    /// What the passage says.
    pub text: &'a str,
    /// The number of its article: passages of one article have the same.
    pub article: u64,
}

/// Where the vectors are: the vector of each passage, `dim` numbers (f32), unit length.
pub type Vectors<'v> = dyn Fn(usize) -> &'v [f32] + Sync + 'v;

/// How many themes there are to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// As many as show by themselves; with so many steps to finer (above 0) or coarser themes (below).
    Natural(i8),
    /// Exactly so many, at least 1 and at most as many as there are passages.
    Exactly(usize),
}

/// What is asked of the themes. The default asks for nothing in particular.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options<'a> {
    /// How many themes.
    pub count: Count,
    /// The fewest passages that make a theme; the passages of smaller groups join the themes that they are nearest to. A count
    /// that can't be reached otherwise goes before.
    pub min_size: usize,
    /// Passages that belong to given themes, by numbers from 0: those of one number stay together and apart from those
    /// of others, and the remaining passages may join them. An entry a passage, or none at all.
    pub held: &'a [Option<u32>],
    /// The themes that the passages had before. They are kept, and new passages join them, unless others are clearly better.
    /// An entry a passage, or none at all.
    pub previous: &'a [Option<u32>],
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            count: Count::Natural(0),
            min_size: MIN_SIZE,
            held: &[],
            previous: &[],
        }
    }
}

/// The themes of a body of passages.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Themes {
    /// The themes, the one with the most passages first; of two alike, the one with the smaller first passage.
    pub themes: Vec<Theme>,
    /// The [id](Theme::id) of each passage's theme: `themes[assignment[passage] - 1]`.
    pub assignment: Vec<usize>,
    /// How much more of the link weight lies inside themes than chance would put there: below .3 there is little structure.
    pub modularity: f64,
}

/// Passages that treat the same matter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Theme {
    /// Its number, from 1, by size.
    pub id: usize,
    /// The words and phrases that set it apart, the most telling first: five at most, none if its passages have
    /// no telling word in common.
    pub label: Vec<String>,
    /// Its passages, those that belong most firmly first.
    pub passages: Vec<Member>,
    /// How many articles its passages stand in.
    pub articles: usize,
    /// The passages nearest to its centroid, at most three, each of another article.
    pub exemplars: Vec<usize>,
    /// The mean cosine of two different passages of it, −1 to 1; 1 for a single passage.
    pub coherence: f64,
}

/// A passage in a theme.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Member {
    /// The passage, as its place among the nodes.
    pub node: usize,
    /// How firmly it belongs to the theme, 0 to 1: a mean of the share of its link weight that lies inside and of
    /// its cosine to the theme's centroid.
    pub strength: f64,
}

/// Finds the themes of `nodes`: [`Structure::new`], [`Structure::divide`] and [`Structure::describe`] in one.
///
/// # Errors
///
/// As those.
pub fn find(
    nodes: &[Node<'_>],
    neighbours: &[Vec<(u32, f32)>],
    vectors: &Vectors<'_>,
    options: &Options<'_>,
) -> Result<Themes, ThemesError> {
    let structure = Structure::new(nodes, neighbours, vectors, options.held)?;
    let partition = structure.divide(options)?;
    Ok(structure.describe(&partition))
}

/// How a body of passages is put together, whatever number of themes it is divided into.
pub struct Structure<'a, 'v> {
    nodes: &'a [Node<'a>],
    vectors: &'a Vectors<'v>,
    held: &'a [Option<u32>],
    graph: Graph,
    points: Points,
    tree: Tree,
}

impl<'a, 'v> Structure<'a, 'v> {
    /// Looks at `nodes`, those of one article side by side in the order in which they are read.
    ///
    /// `neighbours` has for each passage the passages nearest to it with their cosines, the nearest first ([`NEIGHBOURS`] of
    /// them; in a small body the first few count), itself excluded; `vectors` the vector of each passage, unit length; `held` is that of [`Options`].
    ///
    /// Takes O(n · k) memory and about O(n · k · log n) time for n passages with k neighbours.
    ///
    /// # Errors
    ///
    /// If the neighbours, vectors or what is held can't be right: other in number than the passages, unknown passages,
    /// numbers that aren't finite, vectors of different lengths.
    pub fn new(
        nodes: &'a [Node<'a>],
        neighbours: &[Vec<(u32, f32)>],
        vectors: &'a Vectors<'v>,
        held: &'a [Option<u32>],
    ) -> Result<Self, ThemesError> {
        check_length(held, nodes.len())?;
        let articles: Vec<u64> = nodes.iter().map(|node| node.article).collect();
        let most = ((nodes.len() as f64).sqrt() / ROOT_PER_NEIGHBOUR).round() as usize;
        let most = most.clamp(FEWEST_NEIGHBOURS, NEIGHBOURS);
        let graph = Graph::from_neighbours(neighbours, &articles, most)?.in_context(&articles);
        check_vectors(nodes.len(), vectors)?;
        let points = Points::smoothed(&graph, vectors);
        let tree = Tree::new(&graph, &points, held);
        Ok(Self {
            nodes,
            vectors,
            held,
            graph,
            points,
            tree,
        })
    }

    /// The graph over the passages.
    #[must_use]
    pub const fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Divides the passages into themes. No passages give no themes.
    ///
    /// # Errors
    ///
    /// If an option can't be fulfilled: a count of none, of more themes than passages or of fewer than are held; or as many entries
    /// of earlier themes as there are no passages.
    pub fn divide(&self, options: &Options<'_>) -> Result<Partition, ThemesError> {
        check_length(options.previous, self.nodes.len())?;
        let ground = Ground {
            graph: &self.graph,
            points: &self.points,
            tree: &self.tree,
            held: self.held,
            min_size: options.min_size,
        };
        if self.nodes.is_empty() && options.count == Count::Natural(0) {
            return Ok(Partition::from_labels(&[]));
        }
        match options.count {
            Count::Exactly(count) => {
                let held = self.tree.cut(1).count();
                let passages = self.nodes.len();
                if count == 0 || count > passages || count < held {
                    return Err(ThemesError::Count {
                        count,
                        fewest: held.max(1),
                        passages,
                    });
                }
                Ok(ground.exactly(count))
            }
            Count::Natural(steps) => {
                let mut found = ground.natural();
                for _ in 0..steps.unsigned_abs() {
                    let count = found.count();
                    found = if steps > 0 {
                        ground.best(count + count.div_ceil(2), 3 * count)
                    } else {
                        ground.best(count.div_ceil(3), (count * 2 / 3).max(1))
                    };
                }
                if options.previous.iter().any(Option::is_some) {
                    let before = ground.settle(&ground.joined(options.previous));
                    if ground.worth(&before) >= KEPT_ABOVE * ground.worth(&found) {
                        return Ok(before);
                    }
                }
                Ok(found)
            }
        }
    }

    /// Names the themes of a partition, and says of each passage how firmly it belongs.
    #[must_use]
    pub fn describe(&self, partition: &Partition) -> Themes {
        let ordered = by_size(partition);
        let assignment = ordered.assignment;
        let labels = labels::labels(self.nodes, self.vectors, &ordered.members, LABEL_LENGTH);
        let centroids = Centroids::of(&self.points, &Partition::from_labels(&assignment));
        let strengths: Vec<f64> = (0..self.nodes.len())
            .into_par_iter()
            .map(|node| members::strength(self.points.of(node), &centroids))
            .collect();
        let themes = ordered
            .members
            .par_iter()
            .zip(labels)
            .enumerate()
            .map(|(place, (passages, label))| {
                let found = membership(passages, &strengths, self.nodes, self.vectors, EXEMPLARS);
                Theme {
                    id: place + 1,
                    label,
                    passages: found.members,
                    articles: found.articles,
                    exemplars: found.exemplars,
                    coherence: found.coherence,
                }
            })
            .collect();
        Themes {
            themes,
            modularity: self.graph.modularity(&assignment),
            assignment: assignment.iter().map(|&place| place as usize + 1).collect(),
        }
    }

    /// The words and phrases that set each community of a partition apart, the most telling first: five at most.
    #[must_use]
    pub fn labels(&self, partition: &Partition) -> Vec<Vec<String>> {
        labels::labels(self.nodes, self.vectors, &partition.members(), LABEL_LENGTH)
    }

    /// The parts of the themes of a partition: finer themes, each of which lies in one of them.
    #[must_use]
    pub fn parts(&self, partition: &Partition) -> Partition {
        parts::parts(&self.points, &self.tree, partition)
    }

    /// The themes of a partition in a few groups: of each, by its number in the partition, the group that it is in.
    #[must_use]
    pub fn groups(&self, partition: &Partition) -> Vec<u32> {
        parts::groups(&self.points, partition)
    }
}

/// Themes in the order in which they are shown.
struct Ordered {
    /// The passages of each theme, ascending.
    members: Vec<Vec<usize>>,
    /// The place of each passage's theme.
    assignment: Vec<u32>,
}

/// Orders the communities by size, and by their first passage where two are alike.
fn by_size(partition: &Partition) -> Ordered {
    let mut members = partition.members();
    // The sort is stable, and communities are numbered by their first passages.
    members.sort_by_key(|passages| std::cmp::Reverse(passages.len()));
    let mut assignment = vec![0; partition.communities().len()];
    for (place, passages) in members.iter().enumerate() {
        for &passage in passages {
            assignment[passage] = place as u32;
        }
    }
    Ordered {
        members,
        assignment,
    }
}

fn check_length(entries: &[Option<u32>], passages: usize) -> Result<(), ThemesError> {
    if entries.is_empty() || entries.len() == passages {
        return Ok(());
    }
    Err(ThemesError::EntryCount {
        passages,
        entries: entries.len(),
    })
}

fn check_vectors(passages: usize, vectors: &Vectors<'_>) -> Result<(), ThemesError> {
    let expected = if passages == 0 { 0 } else { vectors(0).len() };
    for passage in 0..passages {
        let vector = vectors(passage);
        if vector.len() != expected {
            return Err(ThemesError::Dimension {
                passage,
                expected,
                found: vector.len(),
            });
        }
        if !vector.iter().all(|value| value.is_finite()) {
            return Err(ThemesError::VectorNotFinite { passage });
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
