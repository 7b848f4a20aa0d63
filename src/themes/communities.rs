//! The Leiden algorithm: communities of a weighted graph, each of them connected.
//!
//! Source: V. A. Traag, L. Waltman, N. J. van Eck, *From Louvain to Leiden: guaranteeing well-connected
//! communities*, Scientific Reports 9 (2019). The quality is modularity at a resolution; the names below are
//! those of the paper's pseudocode, in words.

use std::collections::VecDeque;

use super::graph::Graph;
use super::partition::{Partition, renumber};
use crate::rng::SplitMix64;

/// How freely the refinement strays from the best merge (the paper's θ, and its value), in units of link weight.
const RANDOMNESS: f64 = 0.01;

/// The most times that the whole algorithm is run on its own result. It stops sooner where nothing is gained,
/// which on kNN graphs of text happens after two to four.
const MOST_ITERATIONS: usize = 8;

/// A gain below this is rounding.
const SMALLEST_GAIN: f64 = 1e-10;

/// Divides the nodes of `graph` into communities that (nearly) maximise modularity at `resolution`.
///
/// Every community is connected. A higher resolution gives more and smaller communities; at 1 the quality is
/// plain modularity. Nodes without links are alone. The same graph, resolution and seed give the same result.
///
/// ```
/// use topoi::themes::communities::leiden;
/// use topoi::themes::graph::Graph;
///
/// // Two triangles that one link joins.
/// let links = [(0, 1, 1.0), (1, 2, 1.0), (0, 2, 1.0), (2, 3, 1.0), (3, 4, 1.0), (4, 5, 1.0), (3, 5, 1.0)];
/// let partition = leiden(&Graph::from_links(6, &links), 1.0, 42);
/// assert_eq!(partition.communities(), [0, 0, 0, 1, 1, 1]);
/// ```
#[must_use]
pub fn leiden(graph: &Graph, resolution: f64, seed: u64) -> Partition {
    leiden_within(graph, resolution, seed, MOST_ITERATIONS)
}

/// [`leiden`] with at most so many iterations: one or two where many partitions are only to be compared.
pub(super) fn leiden_within(
    graph: &Graph,
    resolution: f64,
    seed: u64,
    most_iterations: usize,
) -> Partition {
    let mut rng = SplitMix64::new(seed);
    let alone: Vec<u32> = (0..graph.len() as u32).collect();
    let mut best = iterate(graph, alone, resolution, &mut rng);
    let mut quality = graph.modularity(&best, resolution);
    for _ in 1..most_iterations {
        let next = iterate(graph, best.clone(), resolution, &mut rng);
        let next_quality = graph.modularity(&next, resolution);
        if next_quality <= quality + SMALLEST_GAIN {
            break;
        }
        best = next;
        quality = next_quality;
    }
    Partition::from_labels(&best)
}

/// One run of the algorithm from the communities in `start`: moves, refines and aggregates until no two nodes
/// of the aggregated graph stand together.
fn iterate(graph: &Graph, start: Vec<u32>, resolution: f64, rng: &mut SplitMix64) -> Vec<u32> {
    let mut aggregated: Option<Graph> = None;
    let mut communities = start;
    // Which node of the current (aggregated) graph each node of `graph` is part of.
    let mut part_of: Vec<u32> = (0..graph.len() as u32).collect();
    loop {
        let level = aggregated.as_ref().unwrap_or(graph);
        renumber(&mut communities);
        move_nodes(level, &mut communities, resolution, rng);
        let count = renumber(&mut communities);
        if count == level.len() {
            break;
        }
        let mut refined = refine(level, &communities, count, resolution, rng);
        let refined_count = renumber(&mut refined);
        if refined_count == level.len() {
            // Chance merged nothing, so another round would see the same graph: end with the connected parts.
            communities = connected_parts(level, &communities);
            break;
        }
        let mut next = vec![0; refined_count];
        for (&part, &community) in refined.iter().zip(&communities) {
            next[part as usize] = community;
        }
        for part in &mut part_of {
            *part = refined[*part as usize];
        }
        aggregated = Some(level.aggregate(&refined, refined_count));
        communities = next;
    }
    part_of
        .iter()
        .map(|&part| communities[part as usize])
        .collect()
}

/// Sums of link weights from one node to the communities around it, kept in one piece of memory for all nodes.
struct WeightsTo {
    weight: Vec<f64>,
    touched: Vec<u32>,
}

impl WeightsTo {
    fn new(communities: usize) -> Self {
        Self {
            weight: vec![0.0; communities],
            touched: Vec::new(),
        }
    }

    /// Sums up the links given as `(community at the other end, weight)`.
    fn gather(&mut self, links: impl Iterator<Item = (u32, f64)>) {
        for community in self.touched.drain(..) {
            self.weight[community as usize] = 0.0;
        }
        for (community, weight) in links {
            let sum = &mut self.weight[community as usize];
            if *sum == 0.0 {
                self.touched.push(community);
            }
            *sum += weight;
        }
    }
}

/// Moves single nodes to the community where they add most to the quality, until no move gains.
///
/// Only nodes whose surroundings have changed are looked at again (`MoveNodesFast` in the paper).
/// `communities` are numbered from 0 without gaps.
fn move_nodes(graph: &Graph, communities: &mut [u32], resolution: f64, rng: &mut SplitMix64) {
    let nodes = graph.len();
    let scale = expected_scale(graph, resolution);
    let mut strengths = vec![0.0; nodes];
    let mut sizes = vec![0_u32; nodes];
    for (node, &community) in communities.iter().enumerate() {
        strengths[community as usize] += graph.strength(node);
        sizes[community as usize] += 1;
    }
    let mut unused: Vec<u32> = (0..nodes as u32)
        .rev()
        .filter(|&c| sizes[c as usize] == 0)
        .collect();
    let mut order: Vec<u32> = (0..nodes as u32).collect();
    rng.shuffle(&mut order);
    let mut queue = VecDeque::from(order);
    let mut queued = vec![true; nodes];
    let mut to = WeightsTo::new(nodes);

    while let Some(next) = queue.pop_front() {
        let node = next as usize;
        queued[node] = false;
        let home = communities[node];
        let own = graph.strength(node);
        to.gather(graph.links(node).map(|(other, w)| (communities[other], w)));
        sizes[home as usize] -= 1;
        strengths[home as usize] = if sizes[home as usize] == 0 {
            0.0
        } else {
            strengths[home as usize] - own
        };
        let gain = |community: u32| {
            to.weight[community as usize] - scale * own * strengths[community as usize]
        };
        let (mut best, mut best_gain) = (home, gain(home));
        for &community in &to.touched {
            let gained = gain(community);
            if gained > best_gain + SMALLEST_GAIN {
                (best, best_gain) = (community, gained);
            }
        }
        // Being alone gains nothing, which is better than a loss.
        if best_gain < -SMALLEST_GAIN
            && let Some(empty) = unused.pop()
        {
            best = empty;
        }
        sizes[best as usize] += 1;
        strengths[best as usize] += own;
        if best != home {
            if sizes[home as usize] == 0 {
                unused.push(home);
            }
            communities[node] = best;
            for (other, _) in graph.links(node) {
                if communities[other] != best && !queued[other] {
                    queued[other] = true;
                    queue.push_back(other as u32);
                }
            }
        }
    }
}

/// Divides each community anew, from single nodes, by merging only what is well connected inside it
/// (`RefinePartition` and `MergeNodesSubset` in the paper). Communities are `0..count`.
fn refine(
    graph: &Graph,
    communities: &[u32],
    count: usize,
    resolution: f64,
    rng: &mut SplitMix64,
) -> Vec<u32> {
    let nodes = graph.len();
    let scale = expected_scale(graph, resolution);
    let mut whole = vec![0.0; count];
    for (node, &community) in communities.iter().enumerate() {
        whole[community as usize] += graph.strength(node);
    }
    let inside = |node: usize| {
        graph
            .links(node)
            .filter(move |&(other, _)| communities[other] == communities[node])
    };
    let mut refined: Vec<u32> = (0..nodes as u32).collect();
    let mut strengths: Vec<f64> = (0..nodes).map(|node| graph.strength(node)).collect();
    // Per refined community, the weight of its links to the rest of the community that it lies in.
    let mut outward: Vec<f64> = (0..nodes)
        .map(|node| inside(node).map(|link| link.1).sum())
        .collect();
    let mut alone = vec![true; nodes];
    let well_connected = |part: usize, around: f64, outward: &[f64], strengths: &[f64]| {
        let expected = scale * strengths[part] * (around - strengths[part]);
        outward[part] + SMALLEST_GAIN >= expected
    };
    let mut order: Vec<u32> = (0..nodes as u32).collect();
    rng.shuffle(&mut order);
    let mut to = WeightsTo::new(nodes);
    let mut choices: Vec<(u32, f64)> = Vec::new();

    for node in order.into_iter().map(|node| node as usize) {
        let around = whole[communities[node] as usize];
        if !alone[node] || !well_connected(node, around, &outward, &strengths) {
            continue;
        }
        to.gather(inside(node).map(|(other, weight)| (refined[other], weight)));
        let own = graph.strength(node);
        choices.clear();
        choices.push((node as u32, 0.0));
        for &part in &to.touched {
            let gained = to.weight[part as usize] - scale * own * strengths[part as usize];
            if gained >= 0.0 && well_connected(part as usize, around, &outward, &strengths) {
                choices.push((part, gained));
            }
        }
        let chosen = choose(&choices, rng);
        if chosen as usize != node {
            let part = chosen as usize;
            outward[part] += outward[node] - 2.0 * to.weight[part];
            strengths[part] += own;
            alone[part] = false;
            refined[node] = chosen;
        }
    }
    refined
}

/// Draws one of `choices`, each with a probability proportional to `exp(gain / RANDOMNESS)`.
fn choose(choices: &[(u32, f64)], rng: &mut SplitMix64) -> u32 {
    let most = choices
        .iter()
        .map(|choice| choice.1)
        .fold(f64::NEG_INFINITY, f64::max);
    let odds = |gain: f64| ((gain - most) / RANDOMNESS).exp();
    let sum: f64 = choices.iter().map(|choice| odds(choice.1)).sum();
    let mut drawn = rng.unit() * sum;
    let mut chosen = 0;
    for &(part, gain) in choices {
        // What rounding leaves over goes to the last choice that had any chance.
        if odds(gain) > 0.0 {
            chosen = part;
            drawn -= odds(gain);
            if drawn < 0.0 {
                break;
            }
        }
    }
    chosen
}

/// The resolution over the graph's total strength: times two strengths, the link weight to expect by chance.
fn expected_scale(graph: &Graph, resolution: f64) -> f64 {
    if graph.total() > 0.0 {
        resolution / graph.total()
    } else {
        0.0
    }
}

/// The communities, each divided into its connected parts.
fn connected_parts(graph: &Graph, communities: &[u32]) -> Vec<u32> {
    let mut parts = vec![u32::MAX; graph.len()];
    let mut open = Vec::new();
    for start in 0..graph.len() {
        if parts[start] != u32::MAX {
            continue;
        }
        parts[start] = start as u32;
        open.push(start);
        while let Some(node) = open.pop() {
            for (other, _) in graph.links(node) {
                if parts[other] == u32::MAX && communities[other] == communities[node] {
                    parts[other] = start as u32;
                    open.push(other);
                }
            }
        }
    }
    parts
}

#[cfg(test)]
#[path = "communities_tests.rs"]
mod tests;
