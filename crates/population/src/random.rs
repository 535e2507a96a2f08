//! Chance that falls the same way for ever: the same seed gives the same numbers on every machine.
//!
//! SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014). Only
//! additions, multiplications and comparisons of floats are used, because those are exact everywhere; `ln`
//! and `exp` are not.

/// A stream of numbers.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream for one purpose and one subject under a seed. Streams do not depend on each other.
    pub fn of(seed: u64, purpose: u64, subject: u64) -> Random {
        Random(scatter(scatter(scatter(seed) ^ purpose) ^ subject))
    }

    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        scatter(self.0)
    }

    /// A number from 0 up to, not including, `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.bits()) * limit as u128) >> 64) as usize
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i32, high: i32) -> i32 {
        low + self.below((high - low + 1) as usize) as i32
    }

    /// A number from 0 up to, not including, 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True in this share of cases.
    pub fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// A number around `middle`, nearly normal, never further away than 3.5 times `spread`.
    pub fn around(&mut self, middle: f64, spread: f64) -> f64 {
        let sum = self.unit() + self.unit() + self.unit() + self.unit();
        // Four uniform numbers have a variance of 4/12.
        middle + (sum - 2.0) * spread * 1.732_050_8
    }

    /// One of the items.
    pub fn pick<'t, T>(&mut self, items: &'t [T]) -> &'t T {
        &items[self.below(items.len())]
    }

    /// One of the items, each as likely as its weight.
    pub fn weighted<'t, T>(&mut self, items: &'t [(u32, T)]) -> &'t T {
        let total: u32 = items.iter().map(|(weight, _)| weight).sum();
        let mut left = self.below(total as usize) as u32;
        for (weight, item) in items {
            if left < *weight {
                return item;
            }
            left -= weight;
        }
        &items[0].1
    }
}

fn scatter(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_the_one_published_for_splitmix64() {
        // First outputs of the reference implementation for the state 1234567.
        let mut random = Random(1_234_567);
        assert_eq!([random.bits(), random.bits()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn numbers_stay_inside_their_limits_and_reach_both_ends() {
        let mut random = Random::of(1, 2, 3);
        let drawn: Vec<i32> = (0..2_000).map(|_| random.between(-3, 3)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&-3), Some(&3)));
        assert!((0..2_000).all(|_| (10.0..=24.0).contains(&random.around(17.0, 2.0))));
    }

    #[test]
    fn weights_decide_how_often() {
        let mut random = Random::of(9, 9, 9);
        let heads = (0..10_000).filter(|_| *random.weighted(&[(1, true), (3, false)])).count();
        assert!((2_300..2_700).contains(&heads), "{heads}");
    }
}
