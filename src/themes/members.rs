//! Who stands in a theme: centroids, how firmly each passage belongs, and the passages that stand for the rest.

use std::collections::BTreeSet;

use super::centroids::Centroids;
use super::{Member, Node, Vectors};

/// The sum of the vectors of these passages.
pub(super) fn sum_of(passages: &[usize], vectors: &Vectors<'_>) -> Vec<f64> {
    let mut sum = Vec::new();
    for &passage in passages {
        add_values(&mut sum, vectors(passage).iter().copied().map(f64::from));
    }
    sum
}

/// Adds `other` to `sum`, number by number; an empty sum takes its length from it.
pub(super) fn add(sum: &mut Vec<f64>, other: &[f64]) {
    add_values(sum, other.iter().copied());
}

fn add_values(sum: &mut Vec<f64>, values: impl ExactSizeIterator<Item = f64>) {
    if sum.is_empty() {
        sum.resize(values.len(), 0.0);
    }
    for (total, value) in sum.iter_mut().zip(values) {
        *total += value;
    }
}

/// The cosine of two vectors of any length; 0 where one of them is zero.
pub(super) fn cosine(one: &[f64], other: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(x, y)| x * y).sum() };
    let lengths = (dot(one, one) * dot(other, other)).sqrt();
    if lengths > 0.0 {
        dot(one, other) / lengths
    } else {
        0.0
    }
}

/// What is known of the passages of one theme.
pub(super) struct Membership {
    /// The passages, those that belong most firmly first.
    pub(super) members: Vec<Member>,
    /// How many articles they stand in.
    pub(super) articles: usize,
    /// The passages nearest to the centroid, each of an article of its own.
    pub(super) exemplars: Vec<usize>,
    /// The mean cosine of two different passages.
    pub(super) coherence: f64,
}

/// Looks at the `passages` of a theme; `strengths` are those of all passages.
pub(super) fn membership(
    passages: &[usize],
    strengths: &[f64],
    nodes: &[Node<'_>],
    vectors: &Vectors<'_>,
    exemplars: usize,
) -> Membership {
    let sum = sum_of(passages, vectors);
    let count = passages.len() as f64;
    let length_squared: f64 = sum.iter().map(|value| value * value).sum();
    let coherence = if passages.len() < 2 {
        1.0
    } else {
        // Unit vectors: the squared length of the sum is the sum of all cosines, each passage with itself too.
        ((length_squared - count) / (count * (count - 1.0))).clamp(-1.0, 1.0)
    };
    let mut members: Vec<(Member, f64)> = passages
        .iter()
        .map(|&node| {
            let vector: Vec<f64> = vectors(node).iter().copied().map(f64::from).collect();
            let strength = strengths[node];
            (Member { node, strength }, cosine(&vector, &sum))
        })
        .collect();
    members.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.node.cmp(&b.0.node)));
    let mut articles = BTreeSet::new();
    let mut nearest = Vec::new();
    for (member, _) in &members {
        if articles.insert(nodes[member.node].article) && nearest.len() < exemplars {
            nearest.push(member.node);
        }
    }
    let mut members: Vec<Member> = members.into_iter().map(|(member, _)| member).collect();
    members.sort_by(|a, b| b.strength.total_cmp(&a.strength).then(a.node.cmp(&b.node)));
    Membership {
        members,
        articles: articles.len(),
        exemplars: nearest,
        coherence,
    }
}

/// How firmly a passage belongs to its theme, 0 to 1: by what share the nearest centroid is nearer to its point than the second
/// nearest. 1 where there is one theme.
///
/// This is the simplified silhouette (E. Hruschka et al., 2004), which is never below 0 here, since every passage is in the
/// theme whose centroid is nearest, but for those that a person has put elsewhere.
pub(super) fn strength(point: &[f32], centroids: &Centroids) -> f64 {
    let far = centroids.distances(point, |_| true);
    if far.to_second.is_finite() && far.to_second > 0.0 {
        f64::from(1.0 - far.to_nearest / far.to_second).clamp(0.0, 1.0)
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::diffusion::Points;
    use super::super::graph::Graph;
    use super::super::partition::Partition;
    use super::*;

    const VECTORS: [[f32; 2]; 4] = [[1.0, 0.0], [1.0, 0.0], [0.6, 0.8], [0.0, 1.0]];

    fn of(passages: &[usize], articles: [u64; 4]) -> Membership {
        let nodes = articles.map(|article| Node { text: "", article });
        let vectors = |node: usize| -> &[f32] { &VECTORS[node] };
        membership(passages, &[0.5, 0.25, 0.75, 1.0], &nodes, &vectors, 3)
    }

    #[test]
    fn the_firmest_come_first() {
        let found = of(&[0, 1, 2], [1, 2, 3, 4]);
        let order: Vec<usize> = found.members.iter().map(|member| member.node).collect();
        assert_eq!(order, [2, 0, 1]);
    }

    #[test]
    fn a_passage_halfway_between_two_themes_belongs_to_neither() {
        let points = Points::smoothed(&Graph::from_links(4, &[]), &|node| &VECTORS[node]);
        let centroids = Centroids::of(&points, &Partition::from_labels(&[0, 0, 0, 1]));
        let halfway: Vec<f32> = (0..2)
            .map(|place| f32::midpoint(centroids.centroid(0)[place], centroids.centroid(1)[place]))
            .collect();
        assert!(strength(&halfway, &centroids) < 1e-3);
        assert!(strength(centroids.centroid(0), &centroids) > 0.99);
        let one = Centroids::of(&points, &Partition::from_labels(&[0; 4]));
        assert!((strength(&halfway, &one) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn coherence_is_the_mean_cosine_of_two_passages() {
        let found = of(&[0, 1, 2], [1, 2, 3, 4]);
        assert!((found.coherence - (1.0 + 0.6 + 0.6) / 3.0).abs() < 1e-6);
        assert!((of(&[3], [1; 4]).coherence - 1.0).abs() < 1e-12);
    }

    #[test]
    fn an_article_stands_for_a_theme_once() {
        let found = of(&[0, 1, 2], [7, 7, 8, 9]);
        assert_eq!((found.exemplars, found.articles), (vec![0, 2], 2));
    }
}
