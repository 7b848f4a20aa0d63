//! At which resolution to look: the level whose themes are there again when part of the links is taken away.

use rayon::prelude::*;

use super::Vectors;
use super::communities::{leiden, leiden_within};
use super::graph::Graph;
use super::merge::Merger;
use super::partition::Partition;
use crate::rng::SplitMix64;

/// The coarsest resolution that is tried, and the factor from each to the next.
const COARSEST: f64 = 0.05;
const STEP: f64 = 1.5;
/// How many resolutions are tried: up to about 4.
const STEPS: i32 = 12;

/// How many times a level is found anew in a thinned graph.
const RUNS: u64 = 10;
/// How many iterations of Leiden each of those has. On the bodies of text that [`NEARLY`] was tuned on, one, two
/// and eight led to the same levels; two come near to the stability of eight in half the time.
const ITERATIONS: usize = 2;
/// The share of the links that a thinned graph keeps.
const KEPT: f64 = 0.8;

/// Of all levels whose score comes this near to the best one's, the one with the fewest themes is taken.
///
/// Tuned in 2026 with all-MiniLM-L6-v2 and 15 neighbours, over 8 seeds, before passages were linked in reading order:
/// 6 themes in 2,707 paragraphs of BBC news under 5 labels, 36 to 48 in 3,000 debate arguments under 15, 7 to 14 in
/// 735 paragraphs of commentary; at .97 they were 6, 48 to 73 and 7 to 18. With those links they are, at .94, 5 (over 5
/// seeds), 35 to 48 and 12 to 18, and 9 to 12 in 278 paragraphs of 30 op-eds.
const NEARLY: f64 = 0.94;

/// How many seeds a final partition is chosen from.
const SEEDS: u64 = 4;

/// How many times the interval of resolutions is halved in the search for a number of themes.
const HALVINGS: usize = 10;

/// A partition, and the resolution at which it was found.
pub(super) struct Level {
    pub(super) partition: Partition,
    pub(super) resolution: f64,
}

/// The best of several runs at one resolution.
pub(super) fn at(graph: &Graph, resolution: f64, seed: u64) -> Level {
    let best = (0..SEEDS)
        .into_par_iter()
        .map(|run| {
            let partition = leiden(graph, resolution, SplitMix64::for_run(seed, run).next_u64());
            let quality = graph.modularity(partition.communities(), resolution);
            (quality, run, partition)
        })
        .collect::<Vec<_>>()
        .into_iter()
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    Level {
        partition: best.map_or_else(|| Partition::from_labels(&[]), |(_, _, found)| found),
        resolution,
    }
}

/// The level chosen without anybody saying how many themes there should be.
///
/// A level is scored by its modularity times its stability: the mean adjusted Rand index between the
/// partitions that are found when, time and again, a part of the links is left out. Modularity alone knows
/// nothing of chance and grows with fine divisions of noise; stability alone is highest for one theme that
/// holds everything. The product is the structure that can be found again. Among levels that score nearly as
/// well as the best one, the one with the fewest themes is taken.
pub(super) fn most_stable(graph: &Graph, seed: u64) -> Level {
    let resolutions: Vec<f64> = (0..STEPS).map(|step| COARSEST * STEP.powi(step)).collect();
    let thinned: Vec<Graph> = (0..RUNS)
        .into_par_iter()
        .map(|run| {
            let mut rng = SplitMix64::for_run(seed, SEEDS + run);
            graph.thinned(KEPT, || rng.unit())
        })
        .collect();
    let tried: Vec<Tried> = resolutions
        .into_par_iter()
        .map(|resolution| {
            let whole = leiden_within(graph, resolution, seed, ITERATIONS);
            let runs: Vec<Partition> = thinned
                .par_iter()
                .enumerate()
                .map(|(run, graph)| {
                    let mut rng = SplitMix64::for_run(seed, SEEDS + RUNS + run as u64);
                    leiden_within(graph, resolution, rng.next_u64(), ITERATIONS)
                })
                .collect();
            let modularity = graph.modularity(whole.communities(), 1.0);
            Tried {
                resolution,
                count: whole.count(),
                score: modularity.max(0.0) * stability(&runs),
            }
        })
        .collect();
    let scores = smoothed(&tried);
    let best = scores.iter().copied().fold(0.0, f64::max);
    let chosen = tried
        .iter()
        .zip(&scores)
        .filter(|&(_, &score)| score >= NEARLY * best)
        .min_by(|a, b| a.0.count.cmp(&b.0.count).then(b.1.total_cmp(a.1)))
        .map_or(1.0, |(level, _)| level.resolution);
    at(graph, chosen, seed)
}

/// A resolution that was tried, how many communities it gives, and what it is worth.
struct Tried {
    resolution: f64,
    count: usize,
    score: f64,
}

/// The coarsest level found that has at least `count` communities once those below `min_size` are absorbed.
///
/// Where the small ones leave too few, they are counted as well: at worst every passage stands alone.
pub(super) fn with_at_least(
    graph: &Graph,
    count: usize,
    min_size: usize,
    vectors: &Vectors<'_>,
    seed: u64,
) -> Level {
    let enough = |level: &Level, min_size: usize| {
        let mut merger = Merger::new(graph, &level.partition, vectors);
        merger.absorb_below(min_size);
        merger.count() >= count
    };
    let finest = graph.finest_resolution() * 1.01;
    for least in [min_size, 1] {
        let mut too_coarse = 0.0;
        let mut resolution = COARSEST;
        loop {
            let level = at(graph, resolution, seed);
            if enough(&level, least) {
                return halved(graph, too_coarse, level, seed, |level| enough(level, least));
            }
            if resolution >= finest {
                break;
            }
            too_coarse = resolution;
            resolution = (resolution * 2.0).min(finest);
        }
    }
    at(graph, finest, seed)
}

/// Closes in, from a level that is fine enough and a resolution that is too coarse, on the coarsest that will do.
fn halved(
    graph: &Graph,
    mut too_coarse: f64,
    mut found: Level,
    seed: u64,
    enough: impl Fn(&Level) -> bool,
) -> Level {
    for _ in 0..HALVINGS {
        let level = at(graph, f64::midpoint(too_coarse, found.resolution), seed);
        if enough(&level) {
            found = level;
        } else {
            too_coarse = level.resolution;
        }
    }
    found
}

/// The mean adjusted Rand index over all pairs of `runs`.
fn stability(runs: &[Partition]) -> f64 {
    let mut sum = 0.0;
    let mut pairs = 0.0_f64;
    for (index, one) in runs.iter().enumerate() {
        for other in &runs[..index] {
            sum += one.adjusted_rand_index(other);
            pairs += 1.0;
        }
    }
    sum / pairs.max(1.0)
}

/// The scores, each averaged with those before and after it (its own counts twice): neighbouring levels show the
/// same structure, so that what differs between them is mostly chance.
fn smoothed(tried: &[Tried]) -> Vec<f64> {
    (0..tried.len())
        .map(|index| {
            let around = tried[index.saturating_sub(1)].score
                + tried[(index + 1).min(tried.len() - 1)].score;
            (around + 2.0 * tried[index].score) / 4.0
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `groups` cliques of `size` nodes; each node has one link to the next group.
    fn cliques(groups: u32, size: u32) -> Graph {
        let nodes = groups * size;
        let mut links = Vec::new();
        for one in 0..nodes {
            let own = (one + 1..nodes).filter(|other| other / size == one / size);
            links.extend(own.map(|other| (one, other, 1.0)));
            links.push((one, (one + size) % nodes, 0.3));
        }
        Graph::from_links(nodes as usize, &links)
    }

    #[test]
    fn the_level_that_holds_is_that_of_the_groups() {
        let level = most_stable(&cliques(9, 8), 1);
        let groups: Vec<u32> = (0..72).map(|node| node / 8).collect();
        assert_eq!(level.partition, Partition::from_labels(&groups));
    }

    #[test]
    fn one_clique_is_one_community() {
        assert_eq!(most_stable(&cliques(1, 12), 1).partition.count(), 1);
    }

    #[test]
    fn as_many_communities_as_there_are_nodes_can_be_had() {
        let graph = cliques(3, 5);
        for count in [1, 3, 15] {
            let level = with_at_least(&graph, count, 2, &|_| &[1.0], 1);
            assert!(level.partition.count() >= count);
        }
    }

    #[test]
    fn stability_is_one_for_runs_alike_and_less_for_others() {
        let one = Partition::from_labels(&[0, 0, 1, 1]);
        let other = Partition::from_labels(&[0, 1, 0, 1]);
        assert!((stability(&[one.clone(), one.clone()]) - 1.0).abs() < 1e-12);
        assert!(stability(&[one, other]) < 0.0);
    }
}
