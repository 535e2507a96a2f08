//! The Merkle tree of RFC 9162 section 2.1, over SHA-256: what a head stands for, and the two proofs.

use record::Refusal;
use sha2::{Digest, Sha256};

/// A hash of the tree.
pub type Hash = [u8; 32];

/// Leaves whose roots are kept, so that a proof does not read the whole trail. A power of two: such a block is a
/// subtree of every tree that holds it.
pub const BLOCK: u64 = 1_024;

/// The hash of a leaf's content (2.1.1).
pub fn leaf(content: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(content).finalize().into()
}

/// The hash over two subtrees (2.1.1).
pub fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root over subtrees that all hold the same power of two of leaves, but for the last, which may hold fewer.
pub fn root(subtrees: &[Hash]) -> Hash {
    match subtrees {
        [] => Sha256::digest([]).into(),
        [one] => *one,
        _ => {
            let (left, right) = subtrees.split_at(split(subtrees.len() as u64) as usize);
            node(&root(left), &root(right))
        }
    }
}

/// The largest power of two below `n`, which is at least 2.
fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// The right edge of a tree that grows: the roots of its whole subtrees, the largest first.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    size: u64,
    subtrees: Vec<(u32, Hash)>,
}

impl Edge {
    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf. The root of the block that it completes, if it does.
    pub fn push(&mut self, leaf: Hash) -> Option<Hash> {
        self.push_subtree(0, leaf)
    }

    /// Adds a whole block at once. The tree so far consists of whole blocks.
    pub fn push_block(&mut self, block: Hash) {
        self.push_subtree(BLOCK.trailing_zeros(), block);
    }

    fn push_subtree(&mut self, level: u32, hash: Hash) -> Option<Hash> {
        let (mut level, mut hash, mut block) = (level, hash, None);
        self.size += 1 << level;
        while let Some((_, left)) = self.subtrees.pop_if(|(other, _)| *other == level) {
            (level, hash) = (level + 1, node(&left, &hash));
            if 1 << level == BLOCK {
                block = Some(hash);
            }
        }
        self.subtrees.push((level, hash));
        block
    }

    /// The root over all leaves so far.
    pub fn root(&self) -> Hash {
        let mut subtrees = self.subtrees.iter().rev().map(|(_, hash)| *hash);
        match subtrees.next() {
            None => root(&[]),
            Some(last) => subtrees.fold(last, |right, left| node(&left, &right)),
        }
    }
}

/// A tree whose subtrees can be asked for.
pub trait Leaves {
    /// The root over leaves `from` to `to`, the last not among them.
    fn root_of(&mut self, from: u64, to: u64) -> Result<Hash, Refusal>;
}

/// That leaf `index` is in the tree of the first `size` leaves: the siblings on its way up (2.1.3.1).
pub fn inclusion(leaves: &mut dyn Leaves, index: u64, size: u64) -> Result<Vec<Hash>, Refusal> {
    let (mut from, mut to, mut path) = (0, size, Vec::new());
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            path.push(leaves.root_of(middle, to)?);
            to = middle;
        } else {
            path.push(leaves.root_of(from, middle)?);
            from = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The root that a leaf and its siblings lead to (2.1.3.2); nothing when there are too few or too many.
pub fn root_by_inclusion(hash: Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut place, mut last, mut hash) = (index, size - 1, hash);
    for sibling in path {
        if last == 0 {
            return None;
        }
        if place % 2 == 1 || place == last {
            hash = node(sibling, &hash);
            while place % 2 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            hash = node(&hash, sibling);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    (last == 0).then_some(hash)
}

/// That the tree of the first `old` leaves is the beginning of that of the first `size` (2.1.4.1). `old` is at least
/// 1 and at most `size`.
pub fn consistency(leaves: &mut dyn Leaves, old: u64, size: u64) -> Result<Vec<Hash>, Refusal> {
    let (mut from, mut to, mut whole, mut path) = (0, size, true, Vec::new());
    while old != to {
        let middle = from + split(to - from);
        if old <= middle {
            path.push(leaves.root_of(middle, to)?);
            to = middle;
        } else {
            path.push(leaves.root_of(from, middle)?);
            (from, whole) = (middle, false);
        }
    }
    if !whole {
        path.push(leaves.root_of(from, to)?);
    }
    path.reverse();
    Ok(path)
}

/// True when a consistency proof ties the two roots (2.1.4.2).
pub fn is_consistent(old: (u64, &Hash), new: (u64, &Hash), path: &[Hash]) -> bool {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    if old_size == new_size {
        return path.is_empty() && old_root == new_root;
    }
    if old_size == 0 || old_size > new_size {
        return false;
    }
    // A tree of a power of two is a subtree of the new one, and its root is not sent.
    let mut path = path.iter();
    let first = if old_size.is_power_of_two() { Some(old_root) } else { path.next() };
    let Some(first) = first else { return false };
    let (mut place, mut last) = (old_size - 1, new_size - 1);
    while place % 2 == 1 {
        (place, last) = (place >> 1, last >> 1);
    }
    let (mut of_old, mut of_new) = (*first, *first);
    for hash in path {
        if last == 0 {
            return false;
        }
        if place % 2 == 1 || place == last {
            (of_old, of_new) = (node(hash, &of_old), node(hash, &of_new));
            while place % 2 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            of_new = node(&of_new, hash);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && of_old == *old_root && of_new == *new_root
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Leaves in memory.
    struct Few(Vec<Hash>);

    impl Leaves for Few {
        fn root_of(&mut self, from: u64, to: u64) -> Result<Hash, Refusal> {
            Ok(root(&self.0[from as usize..to as usize]))
        }
    }

    fn few(count: u8) -> Few {
        Few((0..count).map(|n| leaf(&[n])).collect())
    }

    fn hex(hash: &Hash) -> String {
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The vectors of the Certificate Transparency projects.
    #[test]
    fn roots_are_those_that_certificate_transparency_publishes() {
        let contents: [&[u8]; 8] = [
            b"",
            &[0],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            b"`abcdefghijklmno",
        ];
        let leaves: Vec<Hash> = contents.iter().map(|content| leaf(content)).collect();
        assert_eq!(hex(&root(&[])), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        for (count, expected) in roots.iter().enumerate() {
            assert_eq!(hex(&root(&leaves[..=count])), *expected, "{} leaves", count + 1);
        }
    }

    #[test]
    fn every_leaf_of_every_small_tree_is_proved_and_no_other() {
        for size in 1..40 {
            let mut tree = few(size);
            let whole = root(&tree.0);
            for index in 0..u64::from(size) {
                let path = inclusion(&mut tree, index, size.into()).unwrap();
                let hash = tree.0[index as usize];
                assert_eq!(
                    root_by_inclusion(hash, index, size.into(), &path),
                    Some(whole),
                    "{index} of {size}"
                );
                let other = leaf(b"other");
                assert_ne!(root_by_inclusion(other, index, size.into(), &path), Some(whole));
                assert_ne!(
                    root_by_inclusion(hash, index, size.into(), &[&path[..], &[other]].concat()),
                    Some(whole)
                );
                if let Some((_, short)) = path.split_first() {
                    assert_ne!(root_by_inclusion(hash, index, size.into(), short), Some(whole));
                }
            }
            assert_eq!(root_by_inclusion(whole, size.into(), size.into(), &[]), None);
        }
    }

    #[test]
    fn every_small_tree_is_the_beginning_of_every_larger_one_and_of_no_other() {
        for size in 1..40_u64 {
            let mut tree = few(size as u8);
            let whole = root(&tree.0);
            for old in 1..=size {
                let before = root(&tree.0[..old as usize]);
                let path = consistency(&mut tree, old, size).unwrap();
                assert!(is_consistent((old, &before), (size, &whole), &path), "{old} of {size}");
                let mut changed = few(size as u8);
                changed.0[0] = leaf(b"changed");
                let rewritten = root(&changed.0);
                let path = consistency(&mut changed, old, size).unwrap();
                assert!(
                    !is_consistent((old, &before), (size, &rewritten), &path),
                    "{old} of {size}, rewritten"
                );
            }
            assert!(!is_consistent((size + 1, &whole), (size, &whole), &[]));
            assert!(!is_consistent((0, &whole), (size, &whole), &[]));
        }
    }

    #[test]
    fn a_growing_edge_has_the_root_of_its_leaves_and_says_when_a_block_is_whole() {
        let leaves: Vec<Hash> = (0..BLOCK * 2 + 77).map(|n| leaf(&n.to_be_bytes())).collect();
        let (mut edge, mut blocks) = (Edge::default(), Vec::new());
        for (n, leaf) in leaves.iter().enumerate() {
            blocks.extend(edge.push(*leaf));
            if n < 70 || (n as u64).is_multiple_of(331) {
                assert_eq!(edge.root(), root(&leaves[..=n]), "{} leaves", n + 1);
            }
        }
        assert_eq!(blocks, leaves.chunks_exact(BLOCK as usize).map(root).collect::<Vec<_>>());
        let mut again = Edge::default();
        blocks.iter().for_each(|block| again.push_block(*block));
        leaves[again.size() as usize..].iter().for_each(|leaf| {
            again.push(*leaf);
        });
        assert_eq!((again.size(), again.root()), (edge.size(), edge.root()));
    }

    #[test]
    fn blocks_stand_for_their_leaves() {
        let leaves: Vec<Hash> = (0..21_u8).map(|n| leaf(&[n])).collect();
        let blocks: Vec<Hash> = leaves.chunks(4).map(root).collect();
        assert_eq!(root(&blocks), root(&leaves));
    }
}
