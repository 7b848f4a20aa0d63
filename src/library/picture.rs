//! The themes of a library as a picture: where each passage stands, and themes within themes.

use super::Library;
use super::body::Body;
use super::commentary::Commentary;
use crate::error::Result;
use crate::store::Filter;
use crate::themes::layout::layout;
use crate::themes::partition::Partition;

/// Where the layout begins: the same library has the same picture.
const SEED: u64 = 42;

/// A picture of a commentary.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Where each passage stands, from −1 to 1 in both directions: passages that are near in meaning are near in the picture.
    pub places: Vec<[f32; 2]>,
    /// The part of its theme that each passage is in, by its place among the parts.
    pub part_of: Vec<u32>,
    /// The parts of the themes.
    pub parts: Vec<Part>,
    /// The group that each theme of the commentary is in: a few that hold all of them.
    pub groups: Vec<u32>,
}

/// A part of a theme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The theme, by its place in the commentary.
    pub theme: usize,
    /// The words and phrases that set it apart.
    pub terms: Vec<String>,
}

impl Library {
    /// A picture of themes of this library, which are about what `filter` chooses.
    ///
    /// # Errors
    ///
    /// Where the library is damaged.
    pub fn picture(&self, commentary: &Commentary, filter: &Filter) -> Result<Picture> {
        let body = Body::of(self, filter)?;
        let themes = commentary.places();
        let theme_of = |node: usize| {
            let id = body.passages[body.first[node]].id;
            let place = commentary
                .passages
                .binary_search_by_key(&id, |passage| passage.id);
            place.ok().map_or(0, |place| themes[place])
        };
        let labels: Vec<u32> = (0..body.first.len())
            .map(|node| theme_of(node) as u32)
            .collect();
        body.structured(&[], |structure| {
            let partition = Partition::from_labels(&labels);
            let parts = structure.parts(&partition);
            let found_groups = structure.groups(&partition);
            let mut groups = vec![0; commentary.themes.len()];
            for (members, group) in partition.members().iter().zip(found_groups) {
                if let Some(&node) = members.first() {
                    groups[theme_of(node)] = group;
                }
            }
            let of_node = layout(structure.graph(), &parts, SEED);
            let terms = structure.labels(&parts);
            let of_part = parts
                .members()
                .into_iter()
                .zip(terms)
                .map(|(members, terms)| Part {
                    theme: members.first().map_or(0, |&node| theme_of(node)),
                    terms,
                });
            let nodes = body.node_of.iter().map(|&node| node as usize);
            Ok(Picture {
                places: nodes.clone().map(|node| of_node[node]).collect(),
                part_of: nodes.map(|node| parts.communities()[node]).collect(),
                parts: of_part.collect(),
                groups,
            })
        })
    }
}
