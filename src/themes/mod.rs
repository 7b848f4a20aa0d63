//! What a body of commentary is about: passages that treat the same matter, found, named and counted.
//!
//! [`find`] takes passages, the nearest neighbours of each (from the vector index) and their vectors, and divides
//! the passages into themes: a graph over the passages ([`graph`]), in which those that follow each other in an
//! article are linked as well, its communities ([`communities`]) at the
//! resolution that holds best when part of the evidence is taken away, and for each community a label, the
//! passages that stand for it, and how firmly each passage belongs. Every passage has a theme: there is no
//! bucket of the unclassifiable. Everything here is a function of its arguments: nothing is read, written or
//! printed, and the same arguments give the same themes on any number of threads.
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

mod choice;
pub mod communities;
mod context;
mod corpus;
mod error;
mod forms;
pub mod graph;
mod labels;
mod levels;
mod members;
mod merge;
mod names;
mod nouns;
pub mod partition;
mod stop_words;
mod words;

use rayon::prelude::*;
use serde::Serialize;

pub use error::ThemesError;

use graph::Graph;
use levels::Level;
use members::membership;
use merge::Merger;
use partition::Partition;

/// How many terms a label has at most.
const LABEL_LENGTH: usize = 5;

/// How many passages stand for a theme.
const EXEMPLARS: usize = 3;

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

/// What is asked of the themes. The default asks for nothing in particular: how many there are shows by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Exactly so many themes, at least 1 and at most as many as there are passages.
    pub count: Option<usize>,
    /// The resolution at which modularity is maximised: 1 is usual, more gives smaller themes. Not together with
    /// a count.
    pub resolution: Option<f64>,
    /// Where chance begins. Another seed gives slightly other themes.
    pub seed: u64,
    /// The fewest passages that make a theme. Smaller groups join the theme that they have the strongest links
    /// to. A count that can't be reached otherwise goes before.
    pub min_size: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            count: None,
            resolution: None,
            seed: 42,
            min_size: 5,
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
    /// How much more of the link weight lies inside themes than chance would put there (at resolution 1): below
    /// .3 there is little structure.
    pub modularity: f64,
    /// The resolution at which the themes were found.
    pub resolution: f64,
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

/// Finds the themes of `nodes`, those of one article side by side in the order in which they are read.
///
/// `neighbours` has for each passage the passages nearest to it with their cosines (10 to 30; 15 is what the
/// constants here were tuned with), itself excluded; `vectors` the vector of each passage, unit length.
///
/// Without a count or a resolution, the level is chosen by its stability (which level holds best when a part
/// of the links is left out), with a preference for few themes. Groups below [`Options::min_size`] are merged
/// into the theme that they have the strongest links to. No passages give no themes.
///
/// That takes some 140 runs of the Leiden algorithm, spread over the threads of the current rayon pool.
///
/// # Errors
///
/// If an option can't be fulfilled (a count of none, or of more themes than passages; a resolution that is
/// not a positive number; both at once), or if the neighbours or vectors can't be right: other in number than
/// the passages, unknown passages, numbers that aren't finite, vectors of different lengths.
pub fn find(
    nodes: &[Node<'_>],
    neighbours: &[Vec<(u32, f32)>],
    vectors: &Vectors<'_>,
    options: &Options,
) -> Result<Themes, ThemesError> {
    check_options(options, nodes.len())?;
    let articles: Vec<u64> = nodes.iter().map(|node| node.article).collect();
    let graph = Graph::from_neighbours(neighbours, &articles)?.in_context(&articles);
    check_vectors(nodes.len(), vectors)?;
    let level = level(&graph, vectors, options);
    let partition = by_size(&merged(&graph, &level.partition, vectors, options));
    let assignment = partition.assignment;
    let labels = labels::labels(nodes, vectors, &partition.members, LABEL_LENGTH);
    let themes = partition
        .members
        .par_iter()
        .zip(labels)
        .enumerate()
        .map(|(place, (passages, label))| {
            let found = membership(
                passages,
                place as u32,
                &assignment,
                &graph,
                nodes,
                vectors,
                EXEMPLARS,
            );
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
    Ok(Themes {
        themes,
        modularity: graph.modularity(&assignment, 1.0),
        resolution: level.resolution,
        assignment: assignment.iter().map(|&place| place as usize + 1).collect(),
    })
}

/// The level that the options ask for.
fn level(graph: &Graph, vectors: &Vectors<'_>, options: &Options) -> Level {
    match (options.count, options.resolution) {
        (Some(count), _) => {
            levels::with_at_least(graph, count, options.min_size, vectors, options.seed)
        }
        (None, Some(resolution)) => levels::at(graph, resolution, options.seed),
        (None, None) => levels::most_stable(graph, options.seed),
    }
}

/// The partition without small groups, and with the number of themes that was asked for.
fn merged(
    graph: &Graph,
    partition: &Partition,
    vectors: &Vectors<'_>,
    options: &Options,
) -> Partition {
    let mut merger = Merger::new(graph, partition, vectors);
    merger.absorb_below(options.min_size);
    let Some(count) = options.count else {
        return merger.partition();
    };
    if merger.count() < count {
        // The small groups are needed to make up the number.
        merger = Merger::new(graph, partition, vectors);
    }
    merger.reduce_to(count);
    merger.partition()
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

fn check_options(options: &Options, passages: usize) -> Result<(), ThemesError> {
    if let (Some(count), Some(resolution)) = (options.count, options.resolution) {
        return Err(ThemesError::CountAndResolution { count, resolution });
    }
    if let Some(count) = options.count
        && (count == 0 || count > passages)
    {
        return Err(ThemesError::Count { count, passages });
    }
    match options.resolution {
        Some(resolution) if !(resolution.is_finite() && resolution > 0.0) => {
            Err(ThemesError::Resolution { resolution })
        }
        _ => Ok(()),
    }
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
