//! The audit after a build: every node must be found by its own vector, and is linked again if not.

use rayon::prelude::*;

use super::build::{Built, Ground};
use super::upper::Tables;
use super::{Graph, Walker};
use crate::rows::{Query, Rows};
use crate::stop::Stop;

/// Width of the audit's searches: below the default of real ones, so that what passes here is found
/// there.
const AUDIT_EF: usize = 32;

/// From how many nodes a lost one gets a link: the best that the search found, and as many of those it
/// points to itself.
const NEW_LINKS: usize = 4;

/// A round of new links can't lead astray more than a few searches, so a few rounds find all.
const MOST_ROUNDS: usize = 8;

/// A node that was not found, and where the search ended instead, the best first.
struct Lost {
    node: u32,
    ends: Vec<u32>,
}

/// Searches for every node, and links those again that aren't reached, until all are.
///
/// A link backwards is left out where a node gets too many, so one on the edge of a cluster can lose every link that leads to it,
/// and a cluster that is nobody's neighbour has none from the start.
pub(super) fn relink(
    mut lists: Vec<Vec<u32>>,
    upper: Tables,
    rows: Rows<'_>,
    stop: &Stop,
) -> Built {
    let mut relinked: Vec<u32> = Vec::new();
    let mut rounds = 0;
    loop {
        let ground = Ground::new(&lists);
        let lost = audit(&ground.with(&upper), &rows, lists.len() as u32, stop);
        if lost.is_empty() || rounds == MOST_ROUNDS {
            relinked.sort_unstable();
            relinked.dedup();
            return Built {
                ground,
                upper,
                relinked: relinked.len(),
                unreached: lost.len(),
            };
        }
        for Lost { node, ends } in lost {
            relinked.push(node);
            // The search expands its best node, so a link from there makes sure that it finds this one.
            for end in ends {
                link(&mut lists, end, node);
                link(&mut lists, node, end);
            }
            // Links from its own neighbours let it be found from its own side too.
            let own = lists.get(node as usize).into_iter().flatten();
            let own: Vec<u32> = own.copied().take(NEW_LINKS).collect();
            for near in own {
                link(&mut lists, near, node);
            }
        }
        rounds += 1;
    }
}

fn link(lists: &mut [Vec<u32>], from: u32, to: u32) {
    match lists.get_mut(from as usize) {
        Some(list) if from != to && !list.contains(&to) => list.push(to),
        _ => {}
    }
}

/// The nodes that a search for their own vector doesn't come by; not all of them where it was stopped.
fn audit(graph: &Graph<'_>, rows: &Rows<'_>, nodes: u32, stop: &Stop) -> Vec<Lost> {
    let lost = (0..nodes).into_par_iter().filter_map(|node| {
        if stop.is_set() {
            return None;
        }
        // As whoever has the vector asks, not by the coarse bits that the links were chosen by.
        let query = Query::new(&rows.vector(node)?);
        Walker::with(|walker| {
            let ends = walker.walk(graph, rows, &query, AUDIT_EF, usize::MAX);
            let ends = ends.unwrap_or_default().iter().map(|end| end.node);
            let ends: Vec<u32> = ends.take(NEW_LINKS).collect();
            (!walker.has_come_by(node)).then_some(Lost { node, ends })
        })
    });
    lost.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::upper;
    use crate::rows::Layout;
    use crate::segment::BuildOptions;

    #[test]
    fn a_node_that_no_list_leads_to_is_linked_again() {
        // Twelve directions around a circle, each linked to the next three; nothing leads to node 7,
        // and node 9 is cut off in both directions.
        let nodes = 12u32;
        let layout = Layout::new(2);
        let mut records = Vec::new();
        for i in 0..nodes {
            let angle = i as f32 * std::f32::consts::TAU / nodes as f32;
            let (mut coarse, mut fine) = (vec![0; layout.coarse], vec![0; layout.fine]);
            let scale = layout.encode(&[angle.cos(), angle.sin()], &mut coarse, &mut fine);
            records.extend([&coarse[..], &fine, &scale.to_le_bytes()].concat());
        }
        let rows = Rows::of_records(layout, &records);
        let lists = (0..nodes).map(|i| {
            let next = [(i + 1) % nodes, (i + 2) % nodes, (i + 3) % nodes];
            let list = next.into_iter().filter(|&to| to != 7 && to != 9 && i != 9);
            list.collect()
        });
        let upper = upper::build(rows, 1, &BuildOptions::default()).unwrap();
        let never = Stop::default();
        let built = relink(lists.collect(), upper, rows, &never);
        assert_eq!((built.relinked, built.unreached), (2, 0));
        assert!(audit(&built.graph(), &rows, nodes, &never).is_empty());
        assert!(!built.graph().neighbours(9).is_empty());
    }
}
