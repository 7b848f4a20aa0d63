//! Leiden on graphs whose communities are known.

use super::*;

/// Zachary's karate club: W. W. Zachary, Journal of Anthropological Research 33 (1977); 34 members, 78 ties.
const KARATE: [(u32, &[u32]); 33] = [
    (0, &[1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 17, 19, 21, 31]),
    (1, &[2, 3, 7, 13, 17, 19, 21, 30]),
    (2, &[3, 7, 8, 9, 13, 27, 28, 32]),
    (3, &[7, 12, 13]),
    (4, &[6, 10]),
    (5, &[6, 10, 16]),
    (6, &[16]),
    (7, &[]),
    (8, &[30, 32, 33]),
    (9, &[33]),
    (10, &[]),
    (11, &[]),
    (12, &[]),
    (13, &[33]),
    (14, &[32, 33]),
    (15, &[32, 33]),
    (16, &[]),
    (17, &[]),
    (18, &[32, 33]),
    (19, &[33]),
    (20, &[32, 33]),
    (21, &[]),
    (22, &[32, 33]),
    (23, &[25, 27, 29, 32, 33]),
    (24, &[25, 27, 31]),
    (25, &[31]),
    (26, &[29, 33]),
    (27, &[33]),
    (28, &[31, 33]),
    (29, &[32, 33]),
    (30, &[32, 33]),
    (31, &[32, 33]),
    (32, &[33]),
];

fn karate() -> Graph {
    let links: Vec<(u32, u32, f64)> = KARATE
        .iter()
        .flat_map(|&(one, others)| others.iter().map(move |&other| (one, other, 1.0)))
        .collect();
    assert_eq!(links.len(), 78);
    Graph::from_links(34, &links)
}

/// `cliques` cliques of `size` nodes in a ring, one link from each to the next.
fn ring_of_cliques(cliques: u32, size: u32) -> Graph {
    let mut links = Vec::new();
    for clique in 0..cliques {
        let first = clique * size;
        for one in first..first + size {
            links.extend((one + 1..first + size).map(|other| (one, other, 1.0)));
        }
        links.push((first, (first + size + 1) % (cliques * size), 1.0));
    }
    Graph::from_links((cliques * size) as usize, &links)
}

/// A planted partition: `groups` groups of `size` nodes, linked with probability `inside` in a group and
/// `between` across.
fn planted(groups: u32, size: u32, inside: f64, between: f64, seed: u64) -> (Graph, Partition) {
    let mut rng = SplitMix64::new(seed);
    let labels: Vec<u32> = (0..groups * size).map(|node| node % groups).collect();
    let mut links = Vec::new();
    for one in 0..groups * size {
        for other in one + 1..groups * size {
            let chance = if labels[one as usize] == labels[other as usize] {
                inside
            } else {
                between
            };
            if rng.unit() < chance {
                links.push((one, other, 1.0));
            }
        }
    }
    let graph = Graph::from_links(labels.len(), &links);
    (graph, Partition::from_labels(&labels))
}

fn assert_connected(graph: &Graph, partition: &Partition) {
    let parts = Partition::from_labels(&connected_parts(graph, partition.communities()));
    assert_eq!(&parts, partition, "a community falls into parts");
}

#[test]
fn the_karate_club_reaches_the_best_known_modularity() {
    let graph = karate();
    for seed in 0..20 {
        let partition = leiden(&graph, 1.0, seed);
        let modularity = graph.modularity(partition.communities(), 1.0);
        // The optimum is 0.41979 with four communities (Brandes et al. 2008).
        assert!(modularity >= 0.4188, "seed {seed}: {modularity}");
        assert_eq!(partition.count(), 4);
        assert_connected(&graph, &partition);
    }
}

#[test]
fn a_ring_of_cliques_falls_into_its_cliques() {
    let graph = ring_of_cliques(12, 6);
    let expected: Vec<u32> = (0..72).map(|node| node / 6).collect();
    for seed in 0..10 {
        assert_eq!(leiden(&graph, 1.0, seed).communities(), expected);
    }
}

#[test]
fn a_planted_partition_is_recovered_exactly() {
    let (graph, truth) = planted(8, 40, 0.4, 0.02, 3);
    for seed in 0..10 {
        let found = leiden(&graph, 1.0, seed);
        assert_eq!(found, truth, "seed {seed}");
    }
}

#[test]
fn every_community_is_connected_even_in_noise() {
    for seed in 0..6 {
        let (graph, _) = planted(6, 50, 0.05, 0.02, seed);
        for resolution in [0.3, 1.0, 3.0, 20.0] {
            assert_connected(&graph, &leiden(&graph, resolution, seed));
        }
    }
}

#[test]
fn parts_without_a_link_between_them_are_never_one_community() {
    let mut links: Vec<(u32, u32, f64)> = vec![(0, 1, 1.0), (1, 2, 1.0), (2, 0, 1.0)];
    links.extend([(3, 4, 0.1), (4, 5, 0.1)]);
    let graph = Graph::from_links(7, &links);
    let partition = leiden(&graph, 0.01, 1);
    assert_eq!(partition.communities(), [0, 0, 0, 1, 1, 1, 2]);
}

#[test]
fn graphs_without_nodes_or_without_links_are_allowed() {
    assert_eq!(leiden(&Graph::from_links(0, &[]), 1.0, 1).count(), 0);
    assert_eq!(leiden(&Graph::from_links(3, &[]), 1.0, 1).count(), 3);
}

#[test]
fn a_higher_resolution_gives_more_communities_and_the_highest_gives_single_nodes() {
    let graph = karate();
    let counts: Vec<usize> = [0.2, 1.0, 3.0]
        .iter()
        .map(|&resolution| leiden(&graph, resolution, 5).count())
        .collect();
    assert!(counts.is_sorted() && counts[0] < counts[2], "{counts:?}");
    let above = graph.finest_resolution() * 1.01;
    assert_eq!(leiden(&graph, above, 5).count(), 34);
}

#[test]
fn weights_count_and_not_only_links() {
    // A square whose opposite sides are heavy.
    let links = [(0, 1, 5.0), (1, 2, 1.0), (2, 3, 5.0), (3, 0, 1.0)];
    let partition = leiden(&Graph::from_links(4, &links), 1.0, 9);
    assert_eq!(partition.communities(), [0, 0, 1, 1]);
}

#[test]
fn the_same_seed_gives_the_same_communities() {
    let (graph, _) = planted(6, 50, 0.06, 0.02, 11);
    assert_eq!(leiden(&graph, 1.0, 4), leiden(&graph, 1.0, 4));
}
