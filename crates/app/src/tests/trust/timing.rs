//! S-16: what is hidden takes as long as what is not there. `CARESPINE_TIMING_SAMPLES` asks more than the usual number
//! of times, e.g. 10,000.

use super::{Caller, House};
use std::time::Instant;

/// How often each is asked.
const SAMPLES: usize = 600;
/// A difference of means in standard errors (Welch) that is taken for chance.
const T_MAX: f64 = 4.5;
/// A difference of medians that nobody can measure over a network, in microseconds.
const GAP_US_MAX: f64 = 100.0;

/// Asks in microseconds, until the whole answer is there.
fn timed(caller: &Caller, method: &str, path: &str, body: &str) -> f64 {
    let began = Instant::now();
    caller.send(method, path, body);
    began.elapsed().as_secs_f64() * 1e6
}

fn mean_and_variance(samples: &[f64]) -> (f64, f64) {
    let n = samples.len() as f64;
    let mean = samples.iter().sum::<f64>() / n;
    (mean, samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0))
}

fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

#[test]
fn s_16_what_is_hidden_takes_as_long_as_what_is_not_there() {
    let samples = std::env::var("CARESPINE_TIMING_SAMPLES").map_or(SAMPLES, |n| n.parse().unwrap());
    let house = House::new();
    let ben = house.person("ben");
    let body = |id: &str| {
        format!(r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"text":"x"}}}}"#)
    };
    for (method, path) in [
        ("GET", "Observation/ID"),
        ("GET", "Observation/ID/_history/1"),
        ("GET", "Observation/ID/_history"),
        ("GET", "Observation?_id=ID"),
        ("PUT", "Observation/ID"),
    ] {
        let (mut hidden, mut absent) = (Vec::new(), Vec::new());
        // In turns, so that what else the machine does meets both alike.
        for _ in 0..samples {
            for (id, times) in [("o", &mut hidden), ("z", &mut absent)] {
                let body = if method == "PUT" { body(id) } else { String::new() };
                times.push(timed(&ben, method, &path.replace("ID", id), &body));
            }
        }
        let ((a, va), (b, vb)) = (mean_and_variance(&hidden), mean_and_variance(&absent));
        let t = (a - b) / ((va + vb) / samples as f64).sqrt();
        let gap = median(&mut hidden) - median(&mut absent);
        println!("{method} {path}: t {t:.2}, medians differ by {gap:.1} us, over {samples} samples each");
        assert!(t.abs() < T_MAX || gap.abs() < GAP_US_MAX, "{method} {path}: t {t:.2}, gap {gap:.1} us");
    }
}
