//! Groups around centroids: each point in the group whose centroid is nearest.

use rayon::prelude::*;

use super::diffusion::{Points, dot};
use super::partition::Partition;

/// The most rounds in which points change their group. On the bodies that themes were tuned on 5 to 25 are needed.
pub(super) const ROUNDS: usize = 30;

/// How many points are summed up at a time: a fixed number, so that sums are the same on any number of threads.
const BLOCK: usize = 4_096;

/// The centroids of some groups, and how far the points are from them.
#[derive(Debug, Clone)]
pub(super) struct Centroids {
    dim: usize,
    values: Vec<f32>,
    /// The squared length of each.
    squares: Vec<f32>,
    sizes: Vec<usize>,
}

/// How far a point is from the centroids.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Distances {
    /// The group whose centroid is nearest, of two alike the first.
    pub(super) nearest: u32,
    /// From the nearest centroid.
    pub(super) to_nearest: f32,
    /// From the second nearest; infinite where there is one group.
    pub(super) to_second: f32,
}

impl Centroids {
    /// The centroids of the communities of a partition.
    pub(super) fn of(points: &Points, partition: &Partition) -> Self {
        let dim = points.dim();
        let labels = partition.communities();
        let count = partition.count();
        let blocks: Vec<Vec<f64>> = labels
            .par_chunks(BLOCK)
            .enumerate()
            .map(|(block, labels)| {
                let mut sums = vec![0.0; count * dim];
                for (place, &label) in labels.iter().enumerate() {
                    let sum = &mut sums[label as usize * dim..];
                    for (sum, &value) in sum.iter_mut().zip(points.of(block * BLOCK + place)) {
                        *sum += f64::from(value);
                    }
                }
                sums
            })
            .collect();
        let mut sums = vec![0.0; count * dim];
        for block in blocks {
            sums.iter_mut()
                .zip(block)
                .for_each(|(sum, value)| *sum += value);
        }
        let mut sizes = vec![0_usize; count];
        for &label in labels {
            sizes[label as usize] += 1;
        }
        let mut values = Vec::with_capacity(sums.len());
        for (group, &size) in sizes.iter().enumerate() {
            let sum = &sums[group * dim..(group + 1) * dim];
            values.extend(sum.iter().map(|value| (value / size.max(1) as f64) as f32));
        }
        let squares = values
            .chunks_exact(dim.max(1))
            .map(|one| dot(one, one))
            .collect();
        Self {
            dim,
            values,
            squares,
            sizes,
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.squares.len()
    }

    /// How many points each group has.
    pub(super) fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// The centroid of a group.
    pub(super) fn centroid(&self, group: usize) -> &[f32] {
        &self.values[group * self.dim..(group + 1) * self.dim]
    }

    /// How far a point is from those centroids that `may` lets it be near to.
    pub(super) fn distances(&self, point: &[f32], may: impl Fn(usize) -> bool) -> Distances {
        // Of the squared distance, what depends on the centroid.
        let (mut nearest, mut least, mut second) = (0, f32::INFINITY, f32::INFINITY);
        for group in (0..self.len()).filter(|&group| may(group)) {
            let far = self.squares[group] - 2.0 * dot(point, self.centroid(group));
            if far < least {
                (nearest, second, least) = (group as u32, least, far);
            } else if far < second {
                second = far;
            }
        }
        let own = dot(point, point);
        Distances {
            nearest,
            to_nearest: (own + least).max(0.0).sqrt(),
            to_second: (own + second).max(0.0).sqrt(),
        }
    }

    /// The share of the points' variance that lies between the groups, 0 to 1; 1 where there is no variance.
    pub(super) fn explained(&self, points: &Points) -> f64 {
        let count: usize = self.sizes.iter().sum();
        let mut mean = vec![0.0_f64; self.dim];
        let mut between = 0.0;
        for (group, &size) in self.sizes.iter().enumerate() {
            between += size as f64 * f64::from(self.squares[group]);
            for (sum, &value) in mean.iter_mut().zip(self.centroid(group)) {
                *sum += size as f64 * f64::from(value) / count as f64;
            }
        }
        let all: f64 = (0..points.len())
            .map(|node| f64::from(dot(points.of(node), points.of(node))))
            .sum();
        let middle = count as f64 * mean.iter().map(|value| value * value).sum::<f64>();
        let (between, all) = (between - middle, all - middle);
        // What is left over of identical points is rounding.
        if all > 1e-6 * count as f64 {
            (between / all).clamp(0.0, 1.0)
        } else {
            1.0
        }
    }
}

/// Moves each point to the group whose centroid is nearest, until none moves any more (Lloyd's algorithm) or `rounds` are over.
///
/// Points for which `held` has a group's number stay where they are; it has an entry a point, or none at all. A group
/// that loses all its points is gone.
pub(super) fn settled(
    points: &Points,
    partition: &Partition,
    held: &[Option<u32>],
    rounds: usize,
) -> Partition {
    let mut partition = partition.clone();
    for _ in 0..rounds {
        let centroids = Centroids::of(points, &partition);
        let next = nearest_of(points, &partition, &centroids, held);
        if next == partition {
            break;
        }
        partition = next;
    }
    partition
}

/// Dissolves the groups of fewer points than `min_size`, the smallest first, into those that are nearest to each point. A group
/// in which a point is held stays, and so does the last one.
pub(super) fn without_small(
    points: &Points,
    partition: &Partition,
    held: &[Option<u32>],
    min_size: usize,
) -> Partition {
    let mut partition = partition.clone();
    while partition.count() > 1 {
        let mut is_held = vec![false; partition.count()];
        for (&group, _) in partition
            .communities()
            .iter()
            .zip(held)
            .filter(|(_, held)| held.is_some())
        {
            is_held[group as usize] = true;
        }
        let centroids = Centroids::of(points, &partition);
        let small = centroids.sizes().iter().copied().enumerate();
        let small = small.filter(|&(group, size)| size < min_size && !is_held[group]);
        let Some((small, _)) = small.min_by_key(|&(group, size)| (size, group)) else {
            break;
        };
        let mut labels = partition.communities().to_vec();
        for (node, label) in labels
            .iter_mut()
            .enumerate()
            .filter(|(_, l)| **l as usize == small)
        {
            *label = centroids
                .distances(points.of(node), |group| group != small)
                .nearest;
        }
        partition = Partition::from_labels(&labels);
    }
    partition
}

/// The partition in which each point that isn't held is where the centroid is nearest.
fn nearest_of(
    points: &Points,
    partition: &Partition,
    centroids: &Centroids,
    held: &[Option<u32>],
) -> Partition {
    let labels: Vec<u32> = partition
        .communities()
        .par_iter()
        .enumerate()
        .map(|(node, &group)| match held.get(node) {
            Some(Some(_)) => group,
            _ => centroids.distances(points.of(node), |_| true).nearest,
        })
        .collect();
    Partition::from_labels(&labels)
}

#[cfg(test)]
mod tests {
    use super::super::graph::Graph;
    use super::*;

    const VECTORS: [[f32; 2]; 5] = [
        [1.0, 0.0],
        [0.96, 0.28],
        [0.0, 1.0],
        [-0.28, 0.96],
        [0.3, 0.954],
    ];

    fn points() -> Points {
        Points::smoothed(&Graph::from_links(5, &[]), &|node| &VECTORS[node])
    }

    #[test]
    fn each_point_ends_where_the_centroid_is_nearest_and_what_is_held_stays() {
        let from = Partition::from_labels(&[0, 1, 1, 1, 0]);
        assert_eq!(
            settled(&points(), &from, &[], ROUNDS).communities(),
            [0, 0, 1, 1, 1]
        );
        let held = [None, Some(0), None, None, None];
        let settled = settled(&points(), &from, &held, ROUNDS);
        assert_eq!(settled.communities()[1], settled.communities()[2]);
    }

    #[test]
    fn small_groups_are_dissolved_but_for_those_that_are_held_and_the_last() {
        let from = Partition::from_labels(&[0, 0, 1, 1, 2]);
        let left = without_small(&points(), &from, &[], 2);
        assert_eq!(left.communities(), [0, 0, 1, 1, 1]);
        let held = [None, None, None, None, Some(4)];
        assert_eq!(without_small(&points(), &from, &held, 2).count(), 3);
        assert_eq!(without_small(&points(), &from, &[], 9).count(), 1);
    }

    #[test]
    fn distances_are_those_to_the_centroids() {
        let centroids = Centroids::of(&points(), &Partition::from_labels(&[0, 0, 1, 1, 1]));
        let far = centroids.distances(centroids.centroid(1), |_| true);
        let between: f32 = (0..2)
            .map(|place| (centroids.centroid(0)[place] - centroids.centroid(1)[place]).powi(2))
            .sum();
        assert_eq!((far.nearest, centroids.len()), (1, 2));
        assert!(far.to_nearest < 1e-3 && (far.to_second - between.sqrt()).abs() < 1e-5);
        let only = centroids.distances(points().of(0), |group| group == 1);
        assert!(only.nearest == 1 && only.to_second.is_infinite());
    }

    #[test]
    fn one_group_explains_nothing_and_one_a_point_everything() {
        let explained = |labels: &[u32]| {
            Centroids::of(&points(), &Partition::from_labels(labels)).explained(&points())
        };
        assert!(explained(&[0; 5]) < 1e-6);
        assert!(explained(&[0, 1, 2, 3, 4]) > 1.0 - 1e-6);
        assert!(explained(&[0, 0, 1, 1, 1]) > explained(&[0, 1, 0, 1, 0]));
    }
}
