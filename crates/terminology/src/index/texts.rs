//! Many texts in one piece of memory.

use fhir::Refusal;

/// Texts by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Texts {
    pub bytes: String,
    /// Where each ends.
    pub ends: Vec<u32>,
}

impl Texts {
    /// Adds a text and gives its number. More than 4 GB are refused.
    pub fn push(&mut self, text: &str) -> Result<u32, Refusal> {
        self.bytes.push_str(text);
        let end = u32::try_from(self.bytes.len()).map_err(|_| super::too_large("texts of 4 GB"))?;
        self.ends.push(end);
        Ok(self.ends.len() as u32 - 1)
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// A text; nothing when there is no such number.
    pub fn get(&self, nth: usize) -> Option<&str> {
        let end = *self.ends.get(nth)? as usize;
        let start = if nth == 0 { 0 } else { self.ends[nth - 1] as usize };
        self.bytes.get(start..end)
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|nth| self.get(nth))
    }

    /// The first of sorted texts that is not before a text.
    pub fn first_from(&self, text: &str) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.get(middle).is_some_and(|own| own < text) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}
