//! Neighbour lists while a graph is being made, before they are laid flat.

use super::Graph;

/// One list for each layer of each node.
pub(super) struct Lists {
    entry: u32,
    by_node: Vec<Vec<Vec<u32>>>,
}

impl Lists {
    /// Every node must have a list for its lowest layer, and `entry` be in the highest.
    pub(super) fn new(entry: u32, by_node: Vec<Vec<Vec<u32>>>) -> Self {
        Self { entry, by_node }
    }

    /// Adds a link in the lowest layer; says whether it is a new one.
    pub(super) fn link(&mut self, from: u32, to: u32) -> bool {
        let lists = self.by_node.get_mut(from as usize);
        match lists.and_then(|lists| lists.first_mut()) {
            Some(list) if from != to && !list.contains(&to) => {
                list.push(to);
                true
            }
            _ => false,
        }
    }

    /// The tables of the file format.
    pub(super) fn flatten(&self) -> Flat {
        let mut flat = Flat {
            entry: self.entry,
            first_lists: Vec::with_capacity(self.by_node.len() + 1),
            list_starts: Vec::with_capacity(self.by_node.len() + 1),
            links: Vec::new(),
        };
        for lists in &self.by_node {
            flat.first_lists.push(flat.list_starts.len() as u32);
            for list in lists {
                flat.list_starts.push(flat.links.len() as u64);
                flat.links.extend(list);
            }
        }
        flat.first_lists.push(flat.list_starts.len() as u32);
        flat.list_starts.push(flat.links.len() as u64);
        flat
    }
}

/// A graph laid flat, in memory.
pub(super) struct Flat {
    entry: u32,
    first_lists: Vec<u32>,
    list_starts: Vec<u64>,
    links: Vec<u32>,
}

impl Flat {
    pub(super) fn graph(&self) -> Graph<'_> {
        Graph {
            entry: self.entry,
            first_lists: &self.first_lists,
            list_starts: &self.list_starts,
            links: &self.links,
        }
    }
}
