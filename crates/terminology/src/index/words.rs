//! Choosing while typing.

use super::Index;
use crate::system::Concept;
use crate::text;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Records that are read to see whether one name has all the words, for each that is wanted.
const READ_FOR_EACH: usize = 8;
/// Results, at most.
const LIMIT_MAX: usize = 1_000;

impl Index {
    /// Concepts with a name that has all the words: those in use first, then those with the shortest name. What is
    /// far from the best may be missed when the words of a text stand in different names of very many concepts.
    pub(super) fn named(&self, wanted: &str, limit: usize) -> Vec<Concept> {
        let limit = limit.min(LIMIT_MAX);
        let mut wanted = text::words(wanted);
        // A longer word is rarer: it leaves less to do for the others.
        wanted.sort_unstable_by_key(|word| Reverse(word.len()));
        let Some((first, others)) = wanted.split_first() else { return Vec::new() };
        let mut set = vec![0_u64; self.codes.len().div_ceil(64)];
        for concept in self.with_word(first) {
            set[*concept as usize / 64] |= 1 << (concept % 64);
        }
        for word in others {
            let mut next = vec![0_u64; set.len()];
            for concept in self.with_word(word) {
                next[*concept as usize / 64] |= set[*concept as usize / 64] & 1 << (concept % 64);
            }
            set = next;
        }
        let mut found: Vec<(u32, usize, Concept)> = Vec::new();
        for (rank, concept) in self.best(&set, limit * READ_FOR_EACH) {
            let record = self.record(Concept(concept));
            let names = record.names.iter().map(|name| name.text.as_str());
            let names = names.chain(self.codes.get(concept as usize));
            if let Some(length) = names.filter(|name| text::has(name, &wanted)).map(str::len).min() {
                found.push((rank & super::RANK_INACTIVE, length, Concept(concept)));
            }
            if found.len() >= limit * 2 {
                break;
            }
        }
        found.sort_unstable();
        found.into_iter().take(limit).map(|(_, _, concept)| concept).collect()
    }

    /// Concepts, some more than once, with a word that begins so: words are sorted, so they stand in one piece.
    fn with_word(&self, start: &str) -> &[u32] {
        let from = self.words.first_from(start);
        let mut past = start.to_owned();
        past.push(char::MAX);
        self.postings.span(from, self.words.first_from(&past).max(from))
    }

    fn best(&self, set: &[u64], limit: usize) -> Vec<(u32, u32)> {
        let mut best: BinaryHeap<(u32, u32)> = BinaryHeap::with_capacity(limit + 1);
        for (place, bits) in set.iter().enumerate() {
            let mut bits = *bits;
            while bits != 0 {
                let concept = place as u32 * 64 + bits.trailing_zeros();
                bits &= bits - 1;
                let one = (self.ranks[concept as usize], concept);
                if best.len() < limit {
                    best.push(one);
                } else if best.peek().is_some_and(|worst| one < *worst) {
                    best.pop();
                    best.push(one);
                }
            }
        }
        best.into_sorted_vec()
    }
}
