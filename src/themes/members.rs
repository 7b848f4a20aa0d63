//! Who stands in a theme: centroids, how firmly each passage belongs, and the passages that stand for the rest.

use std::collections::BTreeSet;

use super::graph::Graph;
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

/// Looks at the `passages` of the community that `assignment` calls `community`.
pub(super) fn membership(
    passages: &[usize],
    community: u32,
    assignment: &[u32],
    graph: &Graph,
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
            let centrality = cosine(&vector, &sum);
            let strength = strength(node, community, assignment, graph, centrality);
            (Member { node, strength }, centrality)
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

/// How firmly a passage belongs to its community, 0 to 1: the geometric mean of the share of its link weight that
/// lies inside the community, counted twice, and its cosine to the community's centroid (a negative one is 0).
/// A passage without links has the share 1.
///
/// Measured in 2026 as the chance that a passage under its theme's commonest label is stronger than one under
/// another: .83 on 600 BBC articles and .68 on debate arguments. Without the links in reading order it was .86 and .70;
/// by the share alone .87 and .65, by the cosine alone .76 and .67.
fn strength(
    node: usize,
    community: u32,
    assignment: &[u32],
    graph: &Graph,
    centrality: f64,
) -> f64 {
    let (mut inside, mut all) = (0.0, 0.0);
    for (other, weight) in graph.links(node) {
        all += weight;
        if assignment[other] == community {
            inside += weight;
        }
    }
    let share = if all > 0.0 { inside / all } else { 1.0 };
    (share * share * centrality.max(0.0)).cbrt().clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VECTORS: [[f32; 2]; 4] = [[1.0, 0.0], [1.0, 0.0], [0.6, 0.8], [0.0, 1.0]];

    fn of(passages: &[usize], articles: [u64; 4]) -> Membership {
        let graph = Graph::from_links(4, &[(0, 1, 1.0), (1, 2, 1.0), (2, 3, 3.0)]);
        let nodes = articles.map(|article| Node { text: "", article });
        let vectors = |node: usize| -> &[f32] { &VECTORS[node] };
        membership(passages, 0, &[0, 0, 0, 1], &graph, &nodes, &vectors, 3)
    }

    #[test]
    fn a_passage_whose_links_lead_elsewhere_belongs_less_firmly() {
        let found = of(&[0, 1, 2], [1, 2, 3, 4]);
        let order: Vec<usize> = found.members.iter().map(|member| member.node).collect();
        assert_eq!(order, [0, 1, 2]);
        // A quarter of the third one's links lies inside; its centroid is (2.6, 0.8).
        let centrality = (0.6 * 2.6 + 0.8 * 0.8) / (2.6_f64 * 2.6 + 0.8 * 0.8).sqrt();
        let expected = (0.25 * 0.25 * centrality).cbrt();
        assert!((found.members[2].strength - expected).abs() < 1e-6);
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
