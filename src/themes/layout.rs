//! Where each passage stands on a map: a layout of the graph in the plane.
//!
//! The forces are those of UMAP: linked passages attract each other, all others repel, along one curve. They are
//! computed for all nodes at once from the positions of the step before, so that a layout is the same on any number of
//! threads. Where to start decides what a map looks like from afar, so the graph is laid out from coarse to fine:
//! the communities of communities first, then what is in each, around the place where it was.
//!
//! Source: L. McInnes, J. Healy, J. Melville, *UMAP: uniform manifold approximation and projection for dimension
//! reduction*, arXiv:1802.03426 (2018). What its sampling optimises: S. Damrich, F. A. Hamprecht, *On UMAP's true
//! loss function*, NeurIPS 2021.

use rayon::prelude::*;

use super::graph::Graph;
use super::partition::Partition;
use crate::rng::SplitMix64;

/// A point of the plane.
type Place = [f32; 2];

/// UMAP's curve of likeness by distance, 1 / (1 + a·d^2b), for points that may come as near as .1.
///
/// The best fit has b = .895; with 7/8, which differs nowhere by more than .007, the power is three square roots, and those
/// are the same on every machine, and fast.
const A: f32 = 1.581;
const B: f32 = 0.875;

/// How much all other nodes push together, where a node's links pull by 1: as in UMAP, where each link pulls at both its ends
/// and draws five nodes that push at one.
const REPULSION: f32 = 2.5;

/// The most that one node pushes another along an axis; UMAP's value.
const STRONGEST: f32 = 4.0;

/// How many nodes, drawn anew each time, stand for all others, and from how many others on.
const SAMPLES: usize = 5;
const SAMPLES_FROM: usize = 300;

/// How many times the forces act, and the first step, as a share of them; it falls to nothing.
///
/// Measured in 2026 as the share of a passage's 15 neighbours that are among the nearest 15, and the nearest 100, in the
/// plane. On 10,966 paragraphs of BBC news: .36 and .69, with 400 times .36 and .70. The Python package umap-learn has .36
/// and .71, without the links between passages that follow each other. On 126,771 passages of opinion articles: .14 and
/// .36, with 250 times the same.
const EPOCHS: u64 = 150;
const STEP: f32 = 0.3;

/// How strongly communities are drawn to the middle, so that those without links to others don't drift away.
const GRAVITY: f32 = 0.02;

/// The radius of the disc in which a layout begins, in units of the curve, where there are many nodes. Few have one
/// node to the unit square, about.
const WIDEST: f32 = 10.0;

/// So many nodes are laid out without looking for communities first.
const FEW: usize = 12;

/// How much room every passage has in the end, so that none hides another: the radius of its disc, as a share of what it
/// would be if the passages filled the layout's disc in squares. With more, communities would grow into each other.
const SPACING: f32 = 0.3;

/// How many times overlapping discs are pushed apart, and with how many others each is compared at most in a column
/// of three cells.
const ROUNDS: usize = 30;
const MOST_NEAR: usize = 64;

/// Communities within this reach all stand at the same place.
const SAME: f32 = 1e-6;

/// What lies between two seeds of a sunflower, in radians.
const GOLDEN_ANGLE: f32 = 2.399_963_2;

/// The layout of the nodes of `graph`, of which `leaves` are the communities: the place of each node, in a box from
/// -1 to 1 which is filled in one direction at least.
///
/// Nodes that are linked firmly are near each other. Nodes without links stand among the rest. The same graph, leaves
/// and seed give the same layout on any number of threads. Time and memory grow with the number of links.
///
/// ```
/// use topoi::themes::graph::Graph;
/// use topoi::themes::layout::layout;
/// use topoi::themes::partition::Partition;
///
/// let links = [(0, 1, 1.0), (1, 2, 1.0), (0, 2, 1.0), (3, 4, 1.0)];
/// let places = layout(&Graph::from_links(5, &links), &Partition::from_labels(&[0, 0, 0, 1, 1]), 42);
/// let apart = |a: usize, b: usize| (places[a][0] - places[b][0]).hypot(places[a][1] - places[b][1]);
/// assert!(apart(0, 1) < apart(0, 3) && apart(3, 4) < apart(1, 4));
/// ```
#[must_use]
pub fn layout(graph: &Graph, leaves: &Partition, seed: u64) -> Vec<Place> {
    let masses = vec![1.0; graph.len()];
    let mut places = coarse_to_fine(graph, leaves, &masses, seed, 0);
    let room = SPACING * extent(&places, &masses) / (graph.len().max(1) as f32).sqrt();
    push_apart(&mut places, &vec![room; graph.len()]);
    lie_down(&mut places, &masses);
    fit(&mut places);
    places
}

/// Lays out `graph` from a layout of its communities, which is made in the same way until there are few.
///
/// `masses` says how many nodes of the finest graph each node stands for.
fn coarse_to_fine(
    graph: &Graph,
    communities: &Partition,
    masses: &[f32],
    seed: u64,
    depth: u64,
) -> Vec<Place> {
    let count = communities.count();
    let start = if graph.len() <= FEW || count == graph.len() {
        let together = Partition::from_labels(&vec![0; graph.len()]);
        in_discs(&[[0.0; 2]], &together, masses)
    } else {
        let folded = graph.aggregate(communities.communities(), count);
        let mut folded_masses = vec![0.0; count];
        for (&community, &mass) in communities.communities().iter().zip(masses) {
            folded_masses[community as usize] += mass;
        }
        let above = coarser(&folded);
        let centres = coarse_to_fine(&folded, &above, &folded_masses, seed, depth + 1);
        in_discs(&centres, communities, masses)
    };
    let seed = SplitMix64::for_run(seed, depth).next_u64();
    let gravity = if depth == 0 { 0.0 } else { GRAVITY };
    optimise(&Springs::of(graph), start, gravity, seed)
}

/// Communities of the nodes of `graph`: each node is in that of the node to which it has the firmest link, so that there are at
/// most half as many as there are nodes with links. Source: O. Borůvka, 1926, whose first step it is.
fn coarser(graph: &Graph) -> Partition {
    let mut into: Vec<u32> = (0..graph.len() as u32).collect();
    let last = |into: &mut Vec<u32>, node: u32| {
        let mut last = node;
        while into[last as usize] != last {
            into[last as usize] = into[into[last as usize] as usize];
            last = into[last as usize];
        }
        last
    };
    for node in 0..graph.len() {
        let firmest = graph
            .links(node)
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        if let Some((other, _)) = firmest {
            let (one, other) = (last(&mut into, node as u32), last(&mut into, other as u32));
            into[one.max(other) as usize] = one.min(other);
        }
    }
    let labels: Vec<u32> = (0..graph.len() as u32)
        .map(|node| last(&mut into, node))
        .collect();
    Partition::from_labels(&labels)
}

/// Places nodes around the centres of their communities: each community fills a disc whose area is that of its
/// mass, and the discs don't overlap.
fn in_discs(centres: &[Place], communities: &Partition, masses: &[f32]) -> Vec<Place> {
    let members = communities.members();
    let weights: Vec<f32> = members
        .iter()
        .map(|nodes| nodes.iter().map(|&node| masses[node]).sum())
        .collect();
    let total: f32 = weights.iter().sum();
    let radius = WIDEST.min((masses.len() as f32).sqrt());
    let radii: Vec<f32> = weights
        .iter()
        .map(|weight| radius * (weight / total).sqrt())
        .collect();
    let (mean, _) = moments(centres, &weights);
    let reach = extent(centres, &weights);
    let stretch = if reach > SAME { radius / reach } else { 1.0 };
    let mut centres: Vec<Place> = centres
        .iter()
        .map(|centre| [0, 1].map(|axis| (centre[axis] - mean[axis] as f32) * stretch))
        .collect();
    push_apart(&mut centres, &radii);
    let mut places = vec![[0.0; 2]; masses.len()];
    for ((nodes, centre), (radius, weight)) in
        members.iter().zip(&centres).zip(radii.iter().zip(&weights))
    {
        let mut inside = 0.0;
        for (turn, &node) in nodes.iter().enumerate() {
            // A sunflower's seeds: each a golden angle after the one before, with room for its mass.
            let distance = radius * ((inside + masses[node] / 2.0) / weight).sqrt();
            let angle = turn as f32 * GOLDEN_ANGLE;
            places[node] = [
                centre[0] + distance * angle.cos(),
                centre[1] + distance * angle.sin(),
            ];
            inside += masses[node];
        }
    }
    places
}

/// How far the places reach: the radius of the disc that has their spread, if they filled it evenly.
fn extent(places: &[Place], masses: &[f32]) -> f32 {
    let (_, [[xx, _], [_, yy]]) = moments(places, masses);
    (2.0 * (xx + yy)).sqrt() as f32
}

/// The mean of the places and their covariance, each place counted by its mass.
fn moments(places: &[Place], masses: &[f32]) -> ([f64; 2], [[f64; 2]; 2]) {
    let total: f64 = masses.iter().copied().map(f64::from).sum();
    let mean_of = |of: &dyn Fn([f64; 2]) -> f64| -> f64 {
        places
            .iter()
            .zip(masses)
            .map(|(place, &mass)| of(place.map(f64::from)) * f64::from(mass) / total)
            .sum()
    };
    let mean = [0, 1].map(|axis| mean_of(&|place| place[axis]));
    let covariance = [0, 1].map(|one| {
        [0, 1]
            .map(|other| mean_of(&|place| (place[one] - mean[one]) * (place[other] - mean[other])))
    });
    (mean, covariance)
}

/// The links as the forces need them.
struct Springs {
    /// The links of node `n` are `offsets[n]..offsets[n + 1]` of the two lists below.
    offsets: Vec<usize>,
    targets: Vec<u32>,
    /// How much each link pulls; those of one node sum to 1.
    pulls: Vec<f32>,
}

impl Springs {
    /// A link pulls by the mean of its shares in the weights of its two ends.
    fn of(graph: &Graph) -> Self {
        let weights: Vec<f64> = (0..graph.len())
            .into_par_iter()
            .map(|node| graph.links(node).map(|link| link.1).sum())
            .collect();
        let mut springs = Self {
            offsets: vec![0],
            targets: Vec::new(),
            pulls: Vec::new(),
        };
        for node in 0..graph.len() {
            let start = springs.pulls.len();
            for (other, weight) in graph.links(node) {
                springs.targets.push(other as u32);
                springs
                    .pulls
                    .push((weight / weights[node] + weight / weights[other]) as f32);
            }
            let all: f32 = springs.pulls[start..].iter().sum();
            springs.pulls[start..]
                .iter_mut()
                .for_each(|pull| *pull /= all);
            springs.offsets.push(springs.pulls.len());
        }
        springs
    }

    fn of_node(&self, node: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        let row = self.offsets[node]..self.offsets[node + 1];
        let ends = self.targets[row.clone()]
            .iter()
            .map(|&target| target as usize);
        ends.zip(self.pulls[row].iter().copied())
    }
}

/// Lets the forces act from `places` on, with shorter and shorter steps.
fn optimise(springs: &Springs, mut places: Vec<Place>, gravity: f32, seed: u64) -> Vec<Place> {
    for epoch in 0..EPOCHS {
        let step = STEP * (1.0 - epoch as f32 / EPOCHS as f32);
        let epoch_seed = SplitMix64::for_run(seed, epoch).next_u64();
        places = places
            .par_iter()
            .enumerate()
            .with_min_len(256)
            .map(|(node, place)| {
                let force = force(springs, &places, node, gravity, epoch_seed);
                [place[0] + step * force[0], place[1] + step * force[1]]
            })
            .collect();
    }
    places
}

/// What acts on a node: its links pull, other nodes push, and everything is drawn a little to the middle.
fn force(springs: &Springs, places: &[Place], node: usize, gravity: f32, seed: u64) -> Place {
    let own = places[node];
    let mut force = own.map(|value| -gravity * value);
    for (other, pull) in springs.of_node(node) {
        let (away, squared) = difference(own, places[other]);
        if squared > 0.0 {
            let likeness = power(squared);
            let strength = pull * 2.0 * A * B * likeness / (squared * (1.0 + A * likeness));
            force = [force[0] - strength * away[0], force[1] - strength * away[1]];
        }
    }
    let push = |other: usize| {
        let (away, squared) = difference(own, places[other]);
        let strength = 2.0 * B / ((0.001 + squared) * (1.0 + A * power(squared)));
        away.map(|value| (value * strength).clamp(-STRONGEST, STRONGEST))
    };
    let mut pushes = [0.0; 2];
    let mut add = |push: Place| pushes = [pushes[0] + push[0], pushes[1] + push[1]];
    let others = places.len() - 1;
    let count = if others <= SAMPLES_FROM {
        (0..places.len())
            .filter(|&other| other != node)
            .for_each(|other| add(push(other)));
        others
    } else {
        let mut rng = SplitMix64::for_run(seed, node as u64);
        for _ in 0..SAMPLES {
            let other = rng.below(others);
            add(push(if other < node { other } else { other + 1 }));
        }
        SAMPLES
    };
    let share = REPULSION / count.max(1) as f32;
    [force[0] + share * pushes[0], force[1] + share * pushes[1]]
}

/// The power B of a squared distance.
fn power(squared: f32) -> f32 {
    if squared > 0.0 {
        squared / squared.sqrt().sqrt().sqrt()
    } else {
        0.0
    }
}

/// The vector from `other` to `one`, and its squared length.
fn difference(one: Place, other: Place) -> (Place, f32) {
    let away = [one[0] - other[0], one[1] - other[1]];
    (away, away[0] * away[0] + away[1] * away[1])
}

/// Pushes discs of these radii apart until few of them overlap.
fn push_apart(places: &mut Vec<Place>, radii: &[f32]) {
    let cell = 2.0 * radii.iter().copied().fold(0.0, f32::max);
    if cell <= 0.0 {
        return;
    }
    for round in 0..ROUNDS {
        let mut cells: Vec<((i32, i32), u32)> = places
            .par_iter()
            .enumerate()
            .map(|(node, place)| (cell_of(*place, cell), node as u32))
            .collect();
        cells.par_sort_unstable();
        let moved: Vec<Place> = places
            .par_iter()
            .enumerate()
            .map(|(node, &own)| {
                let (x, y) = cell_of(own, cell);
                let mut moved = [0.0; 2];
                let mut overlaps = 0.0_f32;
                for column in x - 1..=x + 1 {
                    // The three cells of a column are side by side in the order.
                    let from = cells.partition_point(|entry| entry.0 < (column, y - 1));
                    let near = &cells[from..];
                    let near = &near[..near.partition_point(|entry| entry.0 <= (column, y + 1))];
                    let stride = near.len().div_ceil(MOST_NEAR).max(1);
                    for entry in near.iter().skip(round % stride).step_by(stride) {
                        let other = entry.1 as usize;
                        let (away, squared) = difference(own, places[other]);
                        let room = radii[node] + radii[other];
                        if other == node || squared >= room * room {
                            continue;
                        }
                        overlaps += 1.0;
                        let distance = squared.sqrt();
                        let lack = (room - distance) * radii[other] / room;
                        let way = if distance > 0.0 {
                            away.map(|value| value / distance)
                        } else {
                            let angle = GOLDEN_ANGLE * node as f32;
                            [angle.cos(), angle.sin()]
                        };
                        moved = [moved[0] + lack * way[0], moved[1] + lack * way[1]];
                    }
                }
                let share = 1.0 / (overlaps / 3.0).max(1.0);
                [own[0] + share * moved[0], own[1] + share * moved[1]]
            })
            .collect();
        *places = moved;
    }
}

/// The square of a grid that a place is in.
fn cell_of(place: Place, cell: f32) -> (i32, i32) {
    (
        (place[0] / cell).floor() as i32,
        (place[1] / cell).floor() as i32,
    )
}

/// Turns the places so that they reach furthest from left to right, as screens do.
fn lie_down(places: &mut [Place], masses: &[f32]) {
    let (_, [[xx, xy], [_, yy]]) = moments(places, masses);
    let (sin, cos) = (0.5 * (2.0 * xy).atan2(xx - yy)).sin_cos();
    let (sin, cos) = (sin as f32, cos as f32);
    for place in places {
        let [x, y] = *place;
        *place = [cos * x + sin * y, cos * y - sin * x];
    }
}

/// Moves and scales the places into the box from -1 to 1.
fn fit(places: &mut [Place]) {
    let range = |axis: usize| {
        let values = places.iter().map(|place| place[axis]);
        let (low, high) = values.fold((f32::INFINITY, f32::NEG_INFINITY), |range, value| {
            (range.0.min(value), range.1.max(value))
        });
        (f32::midpoint(low, high), (high - low) / 2.0)
    };
    let ((x, width), (y, height)) = (range(0), range(1));
    let scale = 1.0 / width.max(height).max(f32::MIN_POSITIVE);
    for place in places {
        *place =
            [(place[0] - x) * scale, (place[1] - y) * scale].map(|value| value.clamp(-1.0, 1.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `groups` cliques of `size` nodes, with a weak link from each node to its twin in the next group.
    fn cliques(groups: u32, size: u32, between: f64) -> (Graph, Partition) {
        let nodes = groups * size;
        let mut links = Vec::new();
        for one in 0..nodes {
            let own = (one + 1..nodes).filter(|other| other / size == one / size);
            links.extend(own.map(|other| (one, other, 1.0)));
            links.push((one, (one + size) % nodes, between));
        }
        let labels: Vec<u32> = (0..nodes).map(|node| node / size).collect();
        (
            Graph::from_links(nodes as usize, &links),
            Partition::from_labels(&labels),
        )
    }

    /// The share of the nodes whose nearest node in the plane is of their own community.
    fn purity(places: &[Place], partition: &Partition) -> f64 {
        let of = partition.communities();
        let pure = (0..places.len()).filter(|&node| {
            let apart = |other: usize| difference(places[node], places[other]).1;
            let nearest = (0..places.len())
                .filter(|&other| other != node)
                .min_by(|&a, &b| apart(a).total_cmp(&apart(b)));
            nearest.is_some_and(|nearest| of[nearest] == of[node])
        });
        pure.count() as f64 / places.len() as f64
    }

    fn in_the_box(places: &[Place]) -> bool {
        places
            .iter()
            .flatten()
            .all(|value| (-1.0..=1.0).contains(value))
    }

    #[test]
    fn cliques_are_apart() {
        for between in [0.0, 0.1] {
            let (graph, partition) = cliques(20, 15, between);
            let places = layout(&graph, &partition, 1);
            assert!(purity(&places, &partition) > 0.97);
            assert!(in_the_box(&places));
            let widest = places.iter().map(|place| place[0]).fold(0.0, f32::max);
            assert!((widest - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let (graph, partition) = cliques(60, 12, 0.2);
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| layout(&graph, &partition, 7))
        };
        let one = on(1);
        assert_eq!(one, on(2));
        assert_eq!(one, on(3));
        assert_ne!(one, layout(&graph, &partition, 8));
    }

    #[test]
    fn bodies_without_links_or_with_hardly_a_node_have_a_layout() {
        for nodes in [0, 1, 2, 5, 700] {
            let graph = Graph::from_links(nodes, &[]);
            let alone: Vec<u32> = (0..nodes as u32).collect();
            for labels in [vec![0; nodes], alone] {
                let places = layout(&graph, &Partition::from_labels(&labels), 1);
                assert_eq!(places.len(), nodes);
                assert!(in_the_box(&places));
                let mut distinct: Vec<[u32; 2]> =
                    places.iter().map(|place| place.map(f32::to_bits)).collect();
                distinct.sort_unstable();
                distinct.dedup();
                assert_eq!(distinct.len(), nodes);
            }
        }
    }

    #[test]
    fn nodes_without_links_stay_with_the_others() {
        let (linked, _) = cliques(10, 20, 0.1);
        let links: Vec<(u32, u32, f64)> = (0..linked.len())
            .flat_map(|node| {
                linked
                    .links(node)
                    .map(move |link| (node as u32, link.0 as u32, link.1))
            })
            .collect();
        let graph = Graph::from_links(210, &links);
        let labels: Vec<u32> = (0..210)
            .map(|node| if node < 200 { node / 20 } else { node })
            .collect();
        let places = layout(&graph, &Partition::from_labels(&labels), 1);
        // If they had drifted off, the others would be left with a small part of the box.
        assert!(extent(&places[..200], &[1.0; 200]) > 0.4);
    }

    #[test]
    fn places_that_are_the_same_are_pushed_apart() {
        let mut places = vec![[0.5, 0.5]; 300];
        push_apart(&mut places, &[0.01; 300]);
        let close = (1..300).filter(|&node| difference(places[0], places[node]).1 < 1e-6);
        assert_eq!(close.count(), 0);
    }
}
