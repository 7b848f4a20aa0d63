//! The audit after a build: every node must be found by its own vector, and is linked again if not.

use rayon::prelude::*;

use super::Graph;
use super::build::BuiltGraph;
use super::lists::Lists;
use super::walk::{Visited, walk};
use crate::segment::view::Rows;

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
/// `hnsw_rs` keeps only the nearest links of a node that gets too many, so a node on the edge of a
/// cluster can lose every link that leads to it.
pub(super) fn relink(mut lists: Lists, rows: Rows<'_>, nodes: u32) -> BuiltGraph {
    let mut relinked: Vec<u32> = Vec::new();
    let mut rounds = 0;
    loop {
        let flat = lists.flatten();
        let lost = audit(&flat.graph(), rows, nodes);
        if lost.is_empty() || rounds == MOST_ROUNDS {
            relinked.sort_unstable();
            relinked.dedup();
            return BuiltGraph {
                flat,
                relinked: relinked.len(),
                unreached: lost.len(),
            };
        }
        for Lost { node, ends } in lost {
            relinked.push(node);
            // The search expands its best node, so a link from there makes sure that it finds this one.
            for &end in ends.iter().take(NEW_LINKS) {
                lists.link(end, node);
                lists.link(node, end);
            }
            // Links from its own neighbours let it be found from its own side too.
            for &near in flat.graph().neighbours(node, 0).iter().take(NEW_LINKS) {
                lists.link(near, node);
            }
        }
        rounds += 1;
    }
}

/// The nodes that a search for their own vector doesn't come by, ascending. (Coming by is enough: a
/// node may be absent from the results since as many others have the very same score.)
fn audit(graph: &Graph<'_>, rows: Rows<'_>, nodes: u32) -> Vec<Lost> {
    (0..nodes)
        .into_par_iter()
        .filter_map(|node| {
            let query = rows.row(node)?;
            Visited::with(nodes, |visited| {
                let ends = walk(graph, rows, query, AUDIT_EF, usize::MAX, visited, |_| true);
                let ends = ends.unwrap_or_default();
                (!visited.contains(node)).then(|| Lost {
                    node,
                    ends: ends.iter().map(|end| end.node).take(NEW_LINKS).collect(),
                })
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_no_list_leads_to_is_linked_again() {
        // Twelve directions around a circle, each linked to the next two; nothing leads to node 7,
        // and node 9 is cut off in both directions.
        let nodes = 12u32;
        let vectors: Vec<f32> = (0..nodes)
            .flat_map(|i| {
                let angle = i as f32 * std::f32::consts::TAU / nodes as f32;
                [angle.cos(), angle.sin()]
            })
            .collect();
        let rows = Rows::new(&vectors, 2);
        let by_node = (0..nodes).map(|i| {
            let next = [(i + 1) % nodes, (i + 2) % nodes, (i + 3) % nodes];
            let list = next.into_iter().filter(|&to| to != 7 && to != 9 && i != 9);
            vec![list.collect()]
        });
        let built = relink(Lists::new(0, by_node.collect()), rows, nodes);
        assert_eq!((built.relinked, built.unreached), (2, 0));
        let graph = built.graph();
        assert!(audit(&graph, rows, nodes).is_empty());
        assert!(!graph.neighbours(9, 0).is_empty());
    }
}
