//! The tree over what the histories of one day came to (RFC 6962 §2.1: SHA-256, leaves
//! and nodes prefixed so that neither passes for the other). Whoever has the root and a
//! path of a few hashes can tell that a case's history stood so on that day.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::history::Digest;

/// Where the history of a case stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leaf {
    pub case: Uuid,
    /// Number of its last record…
    pub seq: u64,
    /// …and the hash of that.
    pub head: Digest,
}

impl Leaf {
    /// SHA-256 of 0, the 16 bytes of the case's id, the number (8 bytes, the highest
    /// first) and the 32 bytes of the hash.
    pub fn hash(&self) -> Digest {
        hash_leaf(&[self.case.as_bytes().as_slice(), &self.seq.to_be_bytes(), &self.head])
    }
}

fn hash_leaf(parts: &[&[u8]]) -> Digest {
    parts.iter().fold(Sha256::new_with_prefix([0]), |hash, part| hash.chain_update(part)).finalize().into()
}

fn node(left: Digest, right: Digest) -> Digest {
    Sha256::new_with_prefix([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root over the hashes of leaves, in their order.
pub fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(left_size(leaves.len()));
            node(root(left), root(right))
        }
    }
}

/// The hashes beside the way from a leaf up to the root; `None` when there is no such leaf.
pub fn path(index: usize, leaves: &[Digest]) -> Option<Vec<Digest>> {
    if index >= leaves.len() {
        return None;
    }
    if leaves.len() == 1 {
        return Some(Vec::new());
    }
    let (left, right) = leaves.split_at(left_size(leaves.len()));
    let (mut below, beside) = match index.checked_sub(left.len()) {
        None => (path(index, left)?, root(right)),
        Some(index) => (path(index, right)?, root(left)),
    };
    below.push(beside);
    Some(below)
}

/// The root a path leads to (RFC 9162 §2.1.3.2); `None` when it is no path of a tree
/// of this size.
pub fn root_of_path(index: usize, size: usize, leaf: Digest, path: &[Digest]) -> Option<Digest> {
    let (mut place, mut last) = (index, size.checked_sub(1).filter(|last| index <= *last)?);
    let mut hash = leaf;
    for beside in path {
        if last == 0 {
            return None;
        }
        if place % 2 == 1 || place == last {
            hash = node(*beside, hash);
            while place % 2 == 0 && place != 0 {
                (place, last) = (place / 2, last / 2);
            }
        } else {
            hash = node(hash, *beside);
        }
        (place, last) = (place / 2, last / 2);
    }
    (last == 0).then_some(hash)
}

/// The largest power of two below `size`, which is more than one.
fn left_size(size: usize) -> usize {
    1 << (size - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::history::hex;
    use super::*;

    /// The vectors of the implementation of Certificate Transparency.
    #[test]
    fn roots_are_those_of_rfc_6962() {
        let inputs: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let leaves: Vec<Digest> = inputs.iter().map(|input| hash_leaf(&[input])).collect();
        let expected = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        for (size, expected) in expected.into_iter().enumerate() {
            assert_eq!(hex(&root(&leaves[..size])), expected, "{size} leaves");
        }
    }

    #[test]
    fn a_leaf_binds_case_number_and_hash() {
        let leaf = Leaf { case: Uuid::from_u128(1), seq: 2, head: [3; 32] };
        let others = [
            Leaf { case: Uuid::from_u128(2), ..leaf },
            Leaf { seq: 3, ..leaf },
            Leaf { head: [4; 32], ..leaf },
        ];
        assert!(others.iter().all(|other| other.hash() != leaf.hash()));
    }

    proptest! {
        #[test]
        fn every_path_leads_from_its_leaf_to_the_root_and_from_no_other(
            size in 1..70_usize,
            index in 0..70_usize,
            other in 0..70_usize,
            flipped in 0..8_usize,
        ) {
            let leaves: Vec<Digest> = (0..size).map(|n| hash_leaf(&[&n.to_be_bytes()])).collect();
            let index = index % size;
            let path = path(index, &leaves).unwrap();
            let whole = root(&leaves);
            prop_assert_eq!(root_of_path(index, size, leaves[index], &path), Some(whole));
            let other = other % size;
            if other != index {
                prop_assert_ne!(root_of_path(index, size, leaves[other], &path), Some(whole));
                prop_assert_ne!(root_of_path(other, size, leaves[index], &path), Some(whole));
            }
            prop_assert_eq!(super::path(size, &leaves), None);
            prop_assert_eq!(root_of_path(size, size, leaves[index], &path), None);
            let mut longer = path.clone();
            longer.push([0; 32]);
            prop_assert_ne!(root_of_path(index, size, leaves[index], &longer), Some(whole));
            if !path.is_empty() {
                let mut changed = path.clone();
                let place = flipped % path.len();
                changed[place][0] ^= 1;
                prop_assert_ne!(root_of_path(index, size, leaves[index], &changed), Some(whole));
                prop_assert_ne!(root_of_path(index, size, leaves[index], &path[1..]), Some(whole));
            }
        }
    }
}
