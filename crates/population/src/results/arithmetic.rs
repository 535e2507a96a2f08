//! Powers that come out the same on every machine: made of sums and products, which are exact by the standard
//! for floating point (IEEE 754), where the library's `powf` is not.

/// `base` to the power of `exponent`, for bases from 0.001 to 1,000, right to about nine digits.
pub fn power(base: f64, exponent: f64) -> f64 {
    exponential(exponent * logarithm(base))
}

fn logarithm(mut x: f64) -> f64 {
    let mut halvings = 0.0;
    while x > 1.4 {
        x /= 2.0;
        halvings += 1.0;
    }
    while x < 0.7 {
        x *= 2.0;
        halvings -= 1.0;
    }
    let t = (x - 1.0) / (x + 1.0);
    let mut term = t;
    let mut sum = 0.0;
    for odd in 0..12 {
        sum += term / f64::from(2 * odd + 1);
        term *= t * t;
    }
    2.0 * sum + halvings * std::f64::consts::LN_2
}

fn exponential(x: f64) -> f64 {
    let small = x / 256.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..10 {
        term *= small / f64::from(n);
        sum += term;
    }
    for _ in 0..8 {
        sum *= sum;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_those_of_the_library() {
        for (base, exponent) in [(2.0, 10.0), (0.993, 80.0), (1.7, 1.0 / 1.209), (0.4, -1.209), (10.0, 0.329)]
        {
            let expected = f64::powf(base, exponent);
            assert!((power(base, exponent) / expected - 1.0).abs() < 1e-9, "{base} {exponent}");
        }
    }
}
