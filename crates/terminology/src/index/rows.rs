//! For each concept a row of numbers, all rows in one piece of memory (compressed sparse rows).

/// Rows of numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    /// Where each row ends.
    pub ends: Vec<u32>,
    pub values: Vec<u32>,
}

impl Rows {
    /// Rows of pairs of a row's number and a value; each pair once, values in order.
    pub fn of(rows: usize, mut pairs: Vec<(u32, u32)>) -> Rows {
        pairs.sort_unstable();
        pairs.dedup();
        let mut ends = Vec::with_capacity(rows);
        let mut at = 0;
        for row in 0..rows as u32 {
            while at < pairs.len() && pairs[at].0 <= row {
                at += 1;
            }
            ends.push(at as u32);
        }
        Rows { ends, values: pairs.into_iter().map(|(_, value)| value).collect() }
    }

    pub fn get(&self, row: usize) -> &[u32] {
        self.span(row, row + 1)
    }

    /// The values of all rows from one to before another.
    pub fn span(&self, from: usize, to: usize) -> &[u32] {
        let end =
            |row: usize| if row == 0 { 0 } else { self.ends.get(row - 1).map_or(0, |end| *end as usize) };
        self.values.get(end(from)..end(to)).unwrap_or(&[])
    }

    /// Whether rows end in order, the last at the end, and every value is below a limit.
    pub fn is_sound(&self, rows: usize, limit: usize) -> bool {
        self.ends.len() == rows
            && self.ends.is_sorted()
            && self.ends.last().map_or(0, |end| *end as usize) == self.values.len()
            && self.values.iter().all(|value| (*value as usize) < limit)
    }
}
