//! Choosing while typing.

use super::write::START_LETTERS_MAX;
use super::{Concept, Index, System};
use crate::text;

/// Records that are read to see whether one name has all the words, for each that is wanted.
const READ_FOR_EACH: usize = 8;
/// Results, at most.
const LIMIT_MAX: usize = 1_000;

impl Index {
    /// Concepts with a name that has all the words: those in use first, then those with the shortest name. What is
    /// far from the best may be missed when the words of a text stand in different names of very many concepts.
    pub(super) fn named(&self, wanted: &str, limit: usize) -> Vec<Concept> {
        let limit = limit.min(LIMIT_MAX);
        let wanted = text::words(wanted);
        let mut found: Vec<(bool, usize, Concept)> = Vec::new();
        for place in self.best(&wanted, limit * READ_FOR_EACH) {
            let concept = Concept(self.order[place as usize]);
            let record = self.record(concept);
            let names = record.names.iter().map(|name| name.text.as_str());
            let names = names.chain(self.codes.get(concept.0 as usize));
            if let Some(length) = names.filter(|name| text::has(name, &wanted)).map(str::len).min() {
                found.push((!self.is_active(concept), length, concept));
            }
            if found.len() >= limit * 2 {
                break;
            }
        }
        found.sort_unstable();
        found.into_iter().take(limit).map(|(_, _, concept)| concept).collect()
    }

    /// The first places of concepts that have a word for each that is wanted, though perhaps in different names.
    fn best(&self, wanted: &[String], most: usize) -> Vec<u32> {
        let Some((first, others)) = wanted.split_first() else { return Vec::new() };
        // Of words that are asked for alone no more than the best of each can be among the best.
        let mut set = self.with_word(first, if others.is_empty() { most } else { usize::MAX });
        for word in others {
            let next = self.with_word(word, usize::MAX);
            set.iter_mut().zip(next).for_each(|(bits, more)| *bits &= more);
        }
        places(&set).take(most).collect()
    }

    /// A bit for the place of each concept with a word that begins so, and of each such word for no more than `most`.
    fn with_word(&self, start: &str, most: usize) -> Vec<u32> {
        let mut set = vec![0; self.order.len().div_ceil(32)];
        let mut add = |places: &[u32]| {
            places.iter().for_each(|place| set[*place as usize / 32] |= 1 << (place % 32));
        };
        if start.chars().nth(START_LETTERS_MAX).is_none() {
            let nth = self.starts.first_from(start);
            if self.starts.get(nth) != Some(start) {
                return set;
            }
            match self.started.get(nth) {
                bits if is_bits(bits, self.order.len()) => return bits.to_vec(),
                list => add(list),
            }
            return set;
        }
        // Words are sorted, so those that begin so stand together.
        let words = self.words.first_from(start)..;
        for nth in words.take_while(|nth| self.words.get(*nth).is_some_and(|word| word.starts_with(start))) {
            let list = self.postings.get(nth);
            add(&list[..list.len().min(most)]);
        }
        set
    }
}

/// Whether a row of starts is a bit for each place, and no list: lists are shorter.
pub(super) fn is_bits(row: &[u32], places: usize) -> bool {
    row.len() == places.div_ceil(32)
}

/// The places whose bits are set, in order.
pub(super) fn places(bits: &[u32]) -> impl Iterator<Item = u32> {
    (0..).zip(bits).flat_map(|(nth, word)| {
        let mut word = *word;
        std::iter::from_fn(move || {
            let bit = word.trailing_zeros();
            word &= word.checked_sub(1)?;
            Some(nth * 32 + bit)
        })
    })
}
