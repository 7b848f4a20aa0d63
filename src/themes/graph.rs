//! The weighted graph over passages: who stands beside whom, and how firmly.

use rayon::prelude::*;

use super::ThemesError;

/// What a link between two passages of one article counts, as a share of a link between articles.
///
/// Passages of one article share names and manner, so they are each other's neighbours whatever they say;
/// counted in full they pull themes towards single articles. Tuned in 2026 (all-MiniLM-L6-v2, 15 neighbours,
/// weights of cosine times overlap): of 20 themes in 735 paragraphs of 92 commentaries, .9 on average were those
/// of one or two articles in full and .1 by half. On 600 BBC articles, each on one subject, a half costs .003 of the
/// NMI with the labels at 8 themes, and a quarter .011. That was without the links between passages that follow each
/// other (`context`), which hold on to an article for another reason: its argument, not its manner.
const SAME_ARTICLE: f64 = 0.5;

/// What a link counts between passages that share no neighbour, against 1 + this for those that share all.
///
/// Tuned in 2026 on 2,707 paragraphs of BBC news (5 labels) and 3,000 debate arguments (15 labels), all-MiniLM-L6-v2,
/// 15 neighbours: NMI at 8 and 20 themes .753 and .615 (BBC), .447 and .537 (arguments), against .763 and .596,
/// .473 and .574 by the cosine alone, and .757 and .620, .378 and .529 by cosine times overlap, which gives one
/// theme nearly everything when few are asked for (NMI .09 on the arguments at 5 themes; here .37).
const UNSHARED: f64 = 0.3;

/// Above this cosine, passages of two articles are the same text twice: a note on the author, a notice, a reprint.
///
/// Such a pair says nothing of the subject, and its link would weigh several times what others do. Measured in 2026
/// on 278 paragraphs of 30 op-eds, four of whose authors are introduced in the same words under several articles
/// (all-MiniLM-L6-v2): with these links, one of 12 themes was such notes.
const SAME_TEXT: f32 = 0.98;

/// The weight of the link that ties a passage whose neighbours carry no link (cosines below zero, or the same text).
/// Any positive value does: it is the passage's only link.
const LAST_RESORT: f64 = 1e-3;

/// An undirected graph with weighted links, in compressed sparse rows: each link stands in both its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    /// The links of node `n` are `offsets[n]..offsets[n + 1]` of the two lists below, by ascending target.
    offsets: Vec<usize>,
    targets: Vec<u32>,
    weights: Vec<f64>,
    /// Per node, twice the weight of the links that were folded into it (not 0 only in an aggregated graph).
    loops: Vec<f64>,
    /// Per node, the sum of its links' weights and its loop: its weighted degree.
    strengths: Vec<f64>,
    /// The sum of all strengths: twice the weight of all links.
    total: f64,
}

impl Graph {
    /// The graph of `nodes` nodes with these links `(one end, other end, weight)`.
    ///
    /// A link named several times, in either direction, weighs the sum. Links from a node to itself, links to
    /// nodes that are not there, and links whose weight is not a positive finite number are left out.
    #[must_use]
    pub fn from_links(nodes: usize, links: &[(u32, u32, f64)]) -> Self {
        let mut rows = vec![Vec::new(); nodes];
        for &(one, other, weight) in links {
            let (a, b) = (one as usize, other as usize);
            if a < nodes && b < nodes && a != b && weight > 0.0 && weight.is_finite() {
                rows[a].push((other, weight));
                rows[b].push((one, weight));
            }
        }
        rows.par_iter_mut().for_each(merge_row);
        Self::from_rows(&rows, vec![0.0; nodes])
    }

    /// The graph of passages, from each passage's nearest neighbours `(passage, cosine)` and the article that
    /// each passage stands in.
    ///
    /// A link weighs its cosine times 0.3 plus the overlap (Jaccard) of the two lists of neighbours, each with its
    /// own passage counted in; a link that only one of the two names counts half, and so does a link inside one
    /// article. Shared neighbours say more than the cosine alone: they are what tells a dense
    /// region from a passage that happens to lie between two (Jarvis and Patrick 1973; as weights for
    /// community detection, Levine et al., *Data-driven phenotypic dissection of AML*, Cell 162, 2015).
    /// Negative cosines carry no link, nor do those of the same text in two articles (above .98), except that a
    /// passage which has nothing else is tied weakly to its best neighbour, so that it gets a theme too. Lists may
    /// differ in length, and may name a passage itself or another one twice: that is passed over.
    ///
    /// # Errors
    ///
    /// If the two slices differ in length, if a neighbour is not among the passages, if a cosine is not
    /// finite, or if there are more passages than 32 bits can number.
    pub fn from_neighbours(
        neighbours: &[Vec<(u32, f32)>],
        articles: &[u64],
    ) -> Result<Self, ThemesError> {
        check(neighbours, articles.len())?;
        let circles: Vec<Vec<u32>> = neighbours
            .par_iter()
            .enumerate()
            .map(|(node, list)| {
                let mut circle: Vec<u32> = list.iter().map(|&(other, _)| other).collect();
                circle.push(node as u32);
                circle.sort_unstable();
                circle.dedup();
                circle
            })
            .collect();
        let half_links: Vec<Vec<(u32, u32, f64)>> = neighbours
            .par_iter()
            .enumerate()
            .map(|(node, list)| {
                let mut links = Vec::with_capacity(list.len());
                let mut others: Vec<(u32, f32)> = list
                    .iter()
                    .copied()
                    .filter(|&(other, _)| other as usize != node)
                    .collect();
                others.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
                others.dedup_by_key(|other| other.0);
                for &(other, cosine) in &others {
                    let together = articles[node] == articles[other as usize];
                    if cosine > 0.0 && (together || cosine <= SAME_TEXT) {
                        let shared = jaccard(&circles[node], &circles[other as usize]);
                        let article = if together { SAME_ARTICLE } else { 1.0 };
                        links.push((
                            node as u32,
                            other,
                            0.5 * f64::from(cosine) * (UNSHARED + shared) * article,
                        ));
                    }
                }
                links
            })
            .collect();
        let mut links: Vec<(u32, u32, f64)> = half_links.into_iter().flatten().collect();
        let mut linked = vec![false; neighbours.len()];
        for &(one, other, _) in &links {
            linked[one as usize] = true;
            linked[other as usize] = true;
        }
        for (node, list) in neighbours.iter().enumerate() {
            let best = list
                .iter()
                .filter(|&&(other, _)| other as usize != node)
                .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
            if let (false, Some(&(other, _))) = (linked[node], best) {
                links.push((node as u32, other, LAST_RESORT));
            }
        }
        Ok(Self::from_links(neighbours.len(), &links))
    }

    /// A graph from rows that are sorted by target, symmetric, and name no target twice.
    fn from_rows(rows: &[Vec<(u32, f64)>], loops: Vec<f64>) -> Self {
        let mut offsets = Vec::with_capacity(rows.len() + 1);
        offsets.push(0);
        let links = rows.iter().map(Vec::len).sum();
        let mut targets = Vec::with_capacity(links);
        let mut weights = Vec::with_capacity(links);
        let mut strengths = Vec::with_capacity(rows.len());
        for (row, own) in rows.iter().zip(&loops) {
            targets.extend(row.iter().map(|link| link.0));
            weights.extend(row.iter().map(|link| link.1));
            offsets.push(targets.len());
            strengths.push(own + row.iter().map(|link| link.1).sum::<f64>());
        }
        let total = strengths.iter().sum();
        Self {
            offsets,
            targets,
            weights,
            loops,
            strengths,
            total,
        }
    }

    /// How many nodes there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.strengths.len()
    }

    /// Whether there is no node.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.strengths.is_empty()
    }

    /// The links of `node`: the nodes at their other ends, ascending, with the links' weights.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn links(&self, node: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let row = self.offsets[node]..self.offsets[node + 1];
        self.targets[row.clone()]
            .iter()
            .map(|&target| target as usize)
            .zip(self.weights[row].iter().copied())
    }

    /// The weighted degree of `node`: the weight of its links, those folded into it counted twice.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    #[must_use]
    pub fn strength(&self, node: usize) -> f64 {
        self.strengths[node]
    }

    /// The sum of all weighted degrees: twice the weight of all links.
    #[must_use]
    pub const fn total(&self) -> f64 {
        self.total
    }

    /// The resolution above which no link holds two nodes together: beyond it every node is alone.
    pub(super) fn finest_resolution(&self) -> f64 {
        (0..self.len())
            .flat_map(|node| self.links(node).map(move |(other, w)| (node, other, w)))
            .map(|(a, b, weight)| weight * self.total / (self.strengths[a] * self.strengths[b]))
            .fold(1.0, f64::max)
    }

    /// The modularity of a partition at a resolution: the share of the weight that lies inside communities,
    /// less what chance would put there times the resolution. 0 for a graph without links.
    ///
    /// Source: M. E. J. Newman, M. Girvan, *Finding and evaluating community structure in networks*, Physical
    /// Review E 69 (2004); with a resolution, J. Reichardt, S. Bornholdt, Physical Review E 74 (2006).
    ///
    /// # Panics
    ///
    /// If `communities` has fewer entries than the graph has nodes.
    #[must_use]
    pub fn modularity(&self, communities: &[u32], resolution: f64) -> f64 {
        if self.total <= 0.0 {
            return 0.0;
        }
        let count = communities
            .iter()
            .max()
            .map_or(0, |&last| last as usize + 1);
        let mut inside = 0.0;
        let mut strengths = vec![0.0; count];
        for node in 0..self.len() {
            let community = communities[node];
            strengths[community as usize] += self.strengths[node];
            inside += self.loops[node];
            for (other, weight) in self.links(node) {
                if communities[other] == community {
                    inside += weight;
                }
            }
        }
        let chance: f64 = strengths.iter().map(|s| (s / self.total).powi(2)).sum();
        inside / self.total - resolution * chance
    }

    /// The graph whose nodes are the communities `0..count`: links between them add up, links inside are
    /// folded into the loops.
    pub(super) fn aggregate(&self, communities: &[u32], count: usize) -> Self {
        let mut members = vec![Vec::new(); count];
        for (node, &community) in communities.iter().enumerate() {
            members[community as usize].push(node);
        }
        let mut loops = vec![0.0; count];
        let mut weight_to = vec![0.0; count];
        let mut rows = Vec::with_capacity(count);
        for (community, nodes) in members.iter().enumerate() {
            let mut touched: Vec<u32> = Vec::new();
            for &node in nodes {
                loops[community] += self.loops[node];
                for (other, weight) in self.links(node) {
                    let there = communities[other];
                    if there as usize == community {
                        loops[community] += weight;
                    } else {
                        if weight_to[there as usize] == 0.0 {
                            touched.push(there);
                        }
                        weight_to[there as usize] += weight;
                    }
                }
            }
            touched.sort_unstable();
            rows.push(
                touched
                    .iter()
                    .map(|&t| (t, std::mem::take(&mut weight_to[t as usize])))
                    .collect::<Vec<_>>(),
            );
        }
        Self::from_rows(&rows, loops)
    }

    /// The same nodes with each link kept with the probability `share`, by `draw` (numbers in `0.0..1.0`).
    pub(super) fn thinned(&self, share: f64, mut draw: impl FnMut() -> f64) -> Self {
        let mut links = Vec::with_capacity(self.targets.len() / 2);
        for node in 0..self.len() {
            for (other, weight) in self.links(node) {
                if node < other && draw() < share {
                    links.push((node as u32, other as u32, weight));
                }
            }
        }
        Self::from_links(self.len(), &links)
    }
}

/// Sorts a row by target and adds up the links that name the same target.
fn merge_row(row: &mut Vec<(u32, f64)>) {
    row.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    row.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
}

/// The share of the items in either of two ascending lists that are in both; 0 for two empty ones.
fn jaccard(one: &[u32], other: &[u32]) -> f64 {
    let (mut a, mut b, mut both) = (0, 0, 0_usize);
    while a < one.len() && b < other.len() {
        match one[a].cmp(&other[b]) {
            std::cmp::Ordering::Less => a += 1,
            std::cmp::Ordering::Greater => b += 1,
            std::cmp::Ordering::Equal => {
                a += 1;
                b += 1;
                both += 1;
            }
        }
    }
    let either = one.len() + other.len() - both;
    if either == 0 {
        0.0
    } else {
        both as f64 / either as f64
    }
}

/// Checks that the lists of neighbours speak of passages that are there, in finite numbers.
fn check(neighbours: &[Vec<(u32, f32)>], passages: usize) -> Result<(), ThemesError> {
    if neighbours.len() != passages {
        return Err(ThemesError::NeighbourCount {
            passages,
            lists: neighbours.len(),
        });
    }
    if u32::try_from(passages).is_err() {
        return Err(ThemesError::TooManyPassages { passages });
    }
    for (passage, list) in neighbours.iter().enumerate() {
        for &(neighbour, cosine) in list {
            if neighbour as usize >= passages {
                return Err(ThemesError::UnknownNeighbour {
                    passage,
                    neighbour,
                    passages,
                });
            }
            if !cosine.is_finite() {
                return Err(ThemesError::CosineNotFinite { passage, neighbour });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_both_ends_name_weighs_twice_one_that_one_end_names() {
        // 0 and 1 name each other; 2 names 0 and is named by nobody. Each in an article of its own.
        let lists = [vec![(1, 0.8)], vec![(0, 0.8)], vec![(0, 0.8)]];
        let graph = Graph::from_neighbours(&lists, &[1, 2, 3]).unwrap();
        let links: Vec<_> = graph.links(0).collect();
        // Circles: {0, 1}, {0, 1}, {0, 2}: overlap 1 for 0 and 1, a third for 2 and 0.
        assert_eq!(links.len(), 2);
        let cosine = f64::from(0.8_f32);
        assert!((links[0].1 - cosine * (UNSHARED + 1.0)).abs() < 1e-12);
        assert!((links[1].1 - 0.5 * cosine * (UNSHARED + 1.0 / 3.0)).abs() < 1e-12);
        assert_eq!(graph.links(2).collect::<Vec<_>>(), [(0, links[1].1)]);
    }

    #[test]
    fn a_link_inside_one_article_counts_less() {
        let lists = [vec![(1, 0.8)], vec![(0, 0.8)]];
        let apart = Graph::from_neighbours(&lists, &[1, 2]).unwrap();
        let together = Graph::from_neighbours(&lists, &[1, 1]).unwrap();
        assert!((together.total() - SAME_ARTICLE * apart.total()).abs() < 1e-12);
    }

    #[test]
    fn the_same_text_in_two_articles_is_hardly_a_link() {
        let lists = [vec![(1, 0.99)], vec![(0, 0.99)]];
        let apart = Graph::from_neighbours(&lists, &[1, 2]).unwrap();
        assert_eq!(apart.links(0).collect::<Vec<_>>(), [(1, 2.0 * LAST_RESORT)]);
        let together = Graph::from_neighbours(&lists, &[1, 1]).unwrap();
        assert!(together.total() > SAME_ARTICLE);
    }

    #[test]
    fn a_passage_with_only_negative_cosines_is_tied_to_its_best_neighbour() {
        let lists = [
            vec![(1, 0.9)],
            vec![(0, 0.9)],
            vec![(0, -0.4), (1, -0.1)],
            Vec::new(),
        ];
        let graph = Graph::from_neighbours(&lists, &[1, 2, 3, 4]).unwrap();
        let ends: Vec<usize> = graph.links(2).map(|link| link.0).collect();
        assert_eq!(ends, [1]);
        assert_eq!(graph.links(3).count(), 0);
    }

    #[test]
    fn a_list_that_names_the_passage_itself_or_another_twice_changes_nothing() {
        let clean = [vec![(1, 0.8)], vec![(0, 0.8)]];
        let noisy = [vec![(0, 1.0), (1, 0.8), (1, 0.8)], vec![(0, 0.8)]];
        assert_eq!(
            Graph::from_neighbours(&clean, &[1, 2]).unwrap(),
            Graph::from_neighbours(&noisy, &[1, 2]).unwrap()
        );
    }

    #[test]
    fn lists_that_cannot_be_right_are_refused() {
        let unknown = Graph::from_neighbours(&[vec![(5, 0.5)]], &[1]);
        assert!(matches!(
            unknown,
            Err(ThemesError::UnknownNeighbour { neighbour: 5, .. })
        ));
        let nan = Graph::from_neighbours(&[vec![(1, f32::NAN)], Vec::new()], &[1, 1]);
        assert!(matches!(
            nan,
            Err(ThemesError::CosineNotFinite { passage: 0, .. })
        ));
        let short = Graph::from_neighbours(&[Vec::new()], &[1, 2]);
        assert!(matches!(
            short,
            Err(ThemesError::NeighbourCount {
                passages: 2,
                lists: 1
            })
        ));
    }

    #[test]
    fn aggregating_keeps_the_modularity() {
        let links = [
            (0, 1, 1.0),
            (1, 2, 2.0),
            (0, 2, 1.0),
            (2, 3, 0.5),
            (3, 4, 3.0),
        ];
        let graph = Graph::from_links(5, &links);
        let communities = [0, 0, 0, 1, 1];
        let folded = graph.aggregate(&communities, 2);
        assert!((folded.total() - graph.total()).abs() < 1e-12);
        let before = graph.modularity(&communities, 1.3);
        assert!((folded.modularity(&[0, 1], 1.3) - before).abs() < 1e-12);
    }
}
