//! Reading all of a segment, to be sure that it is what was written.

use sha2::{Digest, Sha256};

use super::Segment;
use super::layout::{HEADER_LEN, Section};
use super::view::View;
use crate::error::Error;
use crate::graph::{Graph, Upper};

/// How far a stored vector's squared length may be from 1.
const UNIT_TOLERANCE: f32 = 1e-3;

impl Segment {
    /// Reads the whole file and checks the checksum of every section and all that a search relies on:
    /// ids ascending, tables that point where they should, vectors of unit length, links that lead to
    /// nodes of their layer.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`], naming the section and what is wrong with it.
    pub fn verify(&self) -> Result<(), Error> {
        self.verify_bytes()?;
        let view = self.view();
        let invariants = [
            (Section::Ids, ids(&view)),
            (Section::Scales, vectors(&view)),
            (Section::Members, members(&view)),
            (
                Section::Links,
                view.graph.and_then(|graph| links(&graph, view.nodes)),
            ),
            (
                Section::UpperLinks,
                view.graph
                    .and_then(|graph| upper_links(&graph.upper, view.nodes)),
            ),
            (Section::Mean, mean(self.mean())),
        ];
        for (section, fault) in invariants {
            if let Some(fault) = fault {
                return Err(Error::damaged(self.path(), section.name(), fault));
            }
        }
        Ok(())
    }

    /// Every byte: the checksums of the sections, and zeros between them.
    fn verify_bytes(&self) -> Result<(), Error> {
        let mut end = HEADER_LEN;
        for section in Section::ALL {
            let damaged = |detail| Error::damaged(self.path(), section.name(), detail);
            let extent = self.header.extent(section);
            let bytes = self.section_bytes(section);
            if <[u8; 32]>::from(Sha256::digest(bytes)) != extent.sha256 {
                return Err(damaged("the checksum doesn't match"));
            }
            let gap = self
                .map
                .get(end..extent.offset as usize)
                .unwrap_or_default();
            if gap.iter().any(|&byte| byte != 0) {
                return Err(damaged("the bytes before it are not zero"));
            }
            end = extent.offset as usize + bytes.len();
        }
        Ok(())
    }
}

fn ids(view: &View<'_>) -> Option<String> {
    let (a, b) = pairs(view.members.ids.offsets).find(|(a, b)| a >= b)?;
    Some(format!(
        "a point {b} above the first follows one {a} above it"
    ))
}

fn vectors(view: &View<'_>) -> Option<String> {
    let mut row = vec![0.0; view.rows.dim()];
    (0..view.nodes).find_map(|node| {
        view.rows.decode(node, &mut row);
        let squared: f32 = row.iter().map(|x| x * x).sum();
        // Written so that a NaN is caught.
        let unit = (squared - 1.0).abs() <= UNIT_TOLERANCE;
        (!unit).then(|| format!("vector {node} has the squared length {squared}"))
    })
}

fn mean(mean: &[f32]) -> Option<String> {
    let finite = mean.iter().all(|value| value.is_finite());
    (!finite).then(|| "one of them isn't finite".to_owned())
}

fn members(view: &View<'_>) -> Option<String> {
    let members = &view.members;
    let starts = members.starts;
    let ends = (starts.first().copied(), starts.last().copied());
    if !starts.is_empty() && ends != (Some(0), u32::try_from(members.ids.len()).ok()) {
        return Some("they don't begin at 0 and end at the last point".into());
    }
    if pairs(starts).any(|(a, b)| a >= b) {
        return Some("one of the nodes has none".into());
    }
    let mut held = 0;
    for node in 0..view.nodes {
        let ids = || members.of(node);
        if ids().zip(ids().skip(1)).any(|(a, b)| a >= b) {
            return Some(format!("those of node {node} are not in order"));
        }
        if !ids().all(|id| members.node(id) == Some(node)) {
            return Some(format!("those of node {node} belong to another"));
        }
        held += ids().count();
    }
    (held != members.ids.len()).then(|| "some of the points have none".to_owned())
}

fn links(graph: &Graph<'_>, nodes: u32) -> Option<String> {
    if !covers(graph.starts, graph.links) {
        return Some("the table doesn't cover them in order".into());
    }
    (0..nodes).find_map(|node| {
        let astray = |&&to: &&u32| to == node || to >= nodes;
        let to = graph.neighbours(node).iter().find(astray)?;
        Some(format!("node {node} is linked to {to}"))
    })
}

fn upper_links(upper: &Upper<'_>, nodes: u32) -> Option<String> {
    let places = upper.nodes.len() as u32;
    let firsts = upper.first_lists;
    let lists = upper.list_starts.len() as u64 - 1;
    let whole = firsts.first() == Some(&0)
        && firsts.last().map(|&last| u64::from(last)) == Some(lists)
        && pairs(firsts).all(|(a, b)| a < b)
        && covers(upper.list_starts, upper.links);
    if !whole {
        return Some("the tables don't cover them in order".into());
    }
    let is_above = upper.nodes.last().is_none_or(|&last| last < nodes);
    if !is_above || pairs(upper.nodes).any(|(a, b)| a >= b) {
        return Some("the nodes above them are not in order".into());
    }
    let top = (0..places).map(|place| upper.layers(place)).max();
    if top != Some(upper.layers(upper.entry)) {
        return Some("the entry is not in the highest layer".into());
    }
    (0..places).find_map(|place| {
        (0..upper.layers(place)).find_map(|layer| {
            let astray = |&&to: &&u32| to == place || to >= places || upper.layers(to) <= layer;
            let to = upper.neighbours(place, layer).iter().find(astray)?;
            Some(format!("place {place} is linked to {to} in layer {layer}"))
        })
    })
}

/// Whether a table of starts begins at the first of some numbers, ends at the last, and never goes back.
fn covers(starts: &[u32], numbers: &[u32]) -> bool {
    starts.first() == Some(&0)
        && starts.last().map(|&last| last as usize) == Some(numbers.len())
        && pairs(starts).all(|(a, b)| a <= b)
}

fn pairs<T>(slice: &[T]) -> impl Iterator<Item = (&T, &T)> {
    slice.iter().zip(slice.iter().skip(1))
}
