//! Reading all of a segment, to be sure that it is what was written.

use sha2::{Digest, Sha256};

use super::Segment;
use super::layout::{HEADER_LEN, Section};
use super::view::View;
use crate::error::Error;
use crate::graph::Graph;

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
            (Section::Vectors, vectors(&view)),
            (Section::Members, members(&view)),
            (
                Section::Links,
                view.graph.and_then(|graph| links(&graph, view.nodes)),
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
    let (a, b) = pairs(view.members.ids).find(|(a, b)| a >= b)?;
    Some(format!("point {b} follows point {a}"))
}

fn vectors(view: &View<'_>) -> Option<String> {
    (0..view.nodes).find_map(|node| {
        let row = view.rows.row(node).unwrap_or_default();
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
    if ends != (Some(0), u32::try_from(members.ids.len()).ok()) {
        return Some("they don't begin at 0 and end at the last point".into());
    }
    let mut before = None;
    for (node, (&start, &end)) in pairs(starts).enumerate() {
        let ranks = members
            .ranks
            .get(start as usize..end as usize)
            .unwrap_or_default();
        let first = ranks.first().copied();
        if first.is_none() || first <= before || pairs(ranks).any(|(a, b)| a >= b) {
            return Some(format!("those of node {node} are not in order"));
        }
        before = first;
        let belongs = |&rank: &u32| members.node_of.get(rank as usize) == Some(&(node as u32));
        if !ranks.iter().all(belongs) {
            return Some(format!("those of node {node} belong to another"));
        }
    }
    None
}

fn links(graph: &Graph<'_>, nodes: u32) -> Option<String> {
    let lists = graph.list_starts.len() as u64 - 1;
    let firsts = graph.first_lists;
    let whole = firsts.first() == Some(&0)
        && firsts.last().map(|&last| u64::from(last)) == Some(lists)
        && pairs(firsts).all(|(a, b)| a < b);
    let starts = graph.list_starts;
    let whole = whole
        && starts.first() == Some(&0)
        && starts.last() == Some(&(graph.links.len() as u64))
        && pairs(starts).all(|(a, b)| a <= b);
    if !whole {
        return Some("the tables don't cover them in order".into());
    }
    let top = (0..nodes).map(|node| graph.layers(node)).max();
    if top != Some(graph.layers(graph.entry)) {
        return Some("the entry is not in the highest layer".into());
    }
    (0..nodes).find_map(|node| {
        (0..graph.layers(node)).find_map(|layer| {
            let astray = |&&to: &&u32| to == node || to >= nodes || graph.layers(to) <= layer;
            let to = graph.neighbours(node, layer).iter().find(astray)?;
            Some(format!("node {node} is linked to {to} in layer {layer}"))
        })
    })
}

fn pairs<T>(slice: &[T]) -> impl Iterator<Item = (&T, &T)> {
    slice.iter().zip(slice.iter().skip(1))
}
