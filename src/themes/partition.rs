//! A partition: which community each node belongs to, and how alike two partitions are.

/// Nodes divided into communities `0..count`, numbered in the order in which their first nodes stand.
///
/// Two partitions that divide the nodes in the same way are therefore equal, whatever the communities were
/// called before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    of: Vec<u32>,
    count: usize,
}

impl Partition {
    /// The partition in which two nodes are together exactly if `labels` gives them the same number.
    #[must_use]
    pub fn from_labels(labels: &[u32]) -> Self {
        let mut of = labels.to_vec();
        let count = renumber(&mut of);
        Self { of, count }
    }

    /// The community of each node.
    #[must_use]
    pub fn communities(&self) -> &[u32] {
        &self.of
    }

    /// How many communities there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The nodes of each community, ascending.
    #[must_use]
    pub fn members(&self) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.count];
        for (node, &community) in self.of.iter().enumerate() {
            members[community as usize].push(node);
        }
        members
    }

    /// The adjusted Rand index: 1 where the two divide the nodes alike, about 0 where they agree by chance.
    ///
    /// Two partitions of which each puts all nodes together, or each puts all apart, are alike: 1. Nodes beyond
    /// the shorter of the two are not compared.
    ///
    /// Source: L. Hubert, P. Arabie, *Comparing partitions*, Journal of Classification 2 (1985).
    #[must_use]
    pub fn adjusted_rand_index(&self, other: &Self) -> f64 {
        let mut cells: Vec<(u32, u32)> = self
            .of
            .iter()
            .copied()
            .zip(other.of.iter().copied())
            .collect();
        let nodes = cells.len();
        cells.sort_unstable();
        let together: f64 = cells.chunk_by(|a, b| a == b).map(|c| pairs(c.len())).sum();
        let here: f64 = cells
            .chunk_by(|a, b| a.0 == b.0)
            .map(|c| pairs(c.len()))
            .sum();
        cells.sort_unstable_by_key(|cell| cell.1);
        let there: f64 = cells
            .chunk_by(|a, b| a.1 == b.1)
            .map(|c| pairs(c.len()))
            .sum();
        let by_chance = here * there / pairs(nodes).max(1.0);
        let most = f64::midpoint(here, there);
        if most <= by_chance {
            1.0
        } else {
            (together - by_chance) / (most - by_chance)
        }
    }
}

/// How many pairs there are among `items`.
fn pairs(items: usize) -> f64 {
    items as f64 * (items as f64 - 1.0) / 2.0
}

/// Numbers the communities anew from 0 in the order of their first nodes, and returns how many there are.
pub(super) fn renumber(labels: &mut [u32]) -> usize {
    let mut names = std::collections::HashMap::new();
    for label in labels {
        let next = names.len() as u32;
        *label = *names.entry(*label).or_insert(next);
    }
    names.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_communities_do_not_matter() {
        let one = Partition::from_labels(&[7, 7, 2, 9, 2]);
        let two = Partition::from_labels(&[0, 0, 5, 1, 5]);
        assert_eq!(one, two);
        assert_eq!(one.count(), 3);
        assert_eq!(one.members(), [vec![0, 1], vec![2, 4], vec![3]]);
        assert!((one.adjusted_rand_index(&two) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_adjusted_rand_index_agrees_with_a_worked_example() {
        // scikit-learn: adjusted_rand_score([0, 0, 1, 1], [0, 0, 1, 2]) == 0.5714285714285714
        let one = Partition::from_labels(&[0, 0, 1, 1]);
        let two = Partition::from_labels(&[0, 0, 1, 2]);
        assert!((one.adjusted_rand_index(&two) - 4.0 / 7.0).abs() < 1e-12);
        // scikit-learn: adjusted_rand_score([0, 0, 1, 1], [0, 1, 0, 1]) == -0.5
        let crossed = Partition::from_labels(&[0, 1, 0, 1]);
        assert!((one.adjusted_rand_index(&crossed) + 0.5).abs() < 1e-12);
    }

    #[test]
    fn trivial_partitions_are_alike_and_an_empty_one_is_allowed() {
        let whole = Partition::from_labels(&[0, 0, 0]);
        assert!((whole.adjusted_rand_index(&whole) - 1.0).abs() < 1e-12);
        let empty = Partition::from_labels(&[]);
        assert_eq!(empty.count(), 0);
        assert!((empty.adjusted_rand_index(&empty) - 1.0).abs() < 1e-12);
    }
}
