//! Themes within themes: the parts of each, and the few groups that all of them fall into.

use super::centroids::{Centroids, settled, without_small};
use super::diffusion::Points;
use super::partition::Partition;
use super::tree::Tree;

/// How many parts a theme has on average, at most.
const PARTS: usize = 5;

/// The fewest passages that make a part of a theme.
const MIN_SIZE: usize = 5;

/// How often passages change their part: the tree has done most.
const ROUNDS: usize = 4;

/// So few themes need no groups.
const NO_GROUPS_UP_TO: usize = 6;

/// Finer groups than those of `partition`, each of which lies in one of them.
pub(super) fn parts(points: &Points, tree: &Tree, partition: &Partition) -> Partition {
    let most = (points.len() / (2 * MIN_SIZE)).max(partition.count());
    let finer = tree.cut((PARTS * partition.count()).min(most));
    let finer = settled(points, &finer, &[], ROUNDS);
    let finer = without_small(points, &finer, &[], MIN_SIZE);
    let mut labels: Vec<u32> = vec![0; points.len()];
    let mut next = 0;
    for members in partition.members() {
        // What lies in the theme of each finer group; what is too little of one goes to the nearest of the others.
        let within: Vec<u32> = members
            .iter()
            .map(|&node| finer.communities()[node])
            .collect();
        let within = without_small(
            &points.chosen(&members),
            &Partition::from_labels(&within),
            &[],
            MIN_SIZE,
        );
        for (&node, &part) in members.iter().zip(within.communities()) {
            labels[node] = next + part;
        }
        next += within.count() as u32;
    }
    Partition::from_labels(&labels)
}

/// The group of each community of `partition`: about as many as the square root of their number, by Ward's method over
/// their centroids.
pub(super) fn groups(points: &Points, partition: &Partition) -> Vec<u32> {
    let centroids = Centroids::of(points, partition);
    let mut groups: Vec<Vec<usize>> = (0..centroids.len()).map(|theme| vec![theme]).collect();
    if groups.len() <= NO_GROUPS_UP_TO {
        return (0..groups.len() as u32).collect();
    }
    let wanted = (groups.len() as f64).sqrt().ceil() as usize;
    while groups.len() > wanted {
        let mut best = (f64::INFINITY, 0, 1);
        for one in 0..groups.len() {
            for other in one + 1..groups.len() {
                let cost = cost(&centroids, &groups[one], &groups[other]);
                if cost < best.0 {
                    best = (cost, one, other);
                }
            }
        }
        let merged = groups.remove(best.2);
        groups[best.1].extend(merged);
    }
    let mut of = vec![0; centroids.len()];
    for (group, themes) in groups.iter().enumerate() {
        for &theme in themes {
            of[theme] = group as u32;
        }
    }
    of
}

/// What making one of two groups of themes adds to the variance within groups.
fn cost(centroids: &Centroids, one: &[usize], other: &[usize]) -> f64 {
    let middle = |themes: &[usize]| {
        let size: usize = themes.iter().map(|&theme| centroids.sizes()[theme]).sum();
        let mut middle = vec![0.0; centroids.centroid(0).len()];
        for &theme in themes {
            let share = centroids.sizes()[theme] as f64 / size.max(1) as f64;
            for (sum, &value) in middle.iter_mut().zip(centroids.centroid(theme)) {
                *sum += share * f64::from(value);
            }
        }
        (size as f64, middle)
    };
    let ((size_a, a), (size_b, b)) = (middle(one), middle(other));
    let squared: f64 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
    squared * size_a * size_b / (size_a + size_b).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::super::graph::Graph;
    use super::*;

    #[test]
    fn each_part_lies_in_one_theme_and_groups_hold_whole_themes() {
        // Eight bunches of ten points on a circle.
        let vectors: Vec<[f32; 2]> = (0..80)
            .map(|place| {
                let angle = (place / 10) as f32 * 0.7 + (place % 10) as f32 * 0.01;
                [angle.cos(), angle.sin()]
            })
            .collect();
        let links: Vec<(u32, u32, f64)> = (0..79).map(|place| (place, place + 1, 1.0)).collect();
        let graph = Graph::from_links(80, &links);
        let points = Points::smoothed(&Graph::from_links(80, &[]), &|node| &vectors[node]);
        let tree = Tree::new(&graph, &points, &[]);
        let two = Partition::from_labels(&(0..80).map(|place| place / 40).collect::<Vec<u32>>());
        let parts = parts(&points, &tree, &two);
        assert!(parts.count() > 2);
        for members in parts.members() {
            assert!(members.len() >= MIN_SIZE);
            assert!(members.iter().all(|&node| node / 40 == members[0] / 40));
        }
        let eight = Partition::from_labels(&(0..80).map(|place| place / 10).collect::<Vec<u32>>());
        let groups = groups(&points, &eight);
        assert_eq!(groups.len(), 8);
        assert_eq!(groups.iter().max(), Some(&2));
        assert_eq!(super::groups(&points, &two), [0, 1]);
    }
}
