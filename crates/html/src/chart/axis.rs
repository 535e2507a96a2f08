//! Scales: values to heights with round numbers, moments to places with round times.

use crate::number;
use crate::when::{london, months_later};
use chrono::{Datelike, NaiveDate, NaiveDateTime};

/// Lines of a scale, at most about this many.
const TICKS: f64 = 6.0;

/// A linear scale between two round numbers.
pub(super) struct Scale {
    low: f64,
    high: f64,
    step: f64,
    top: f64,
    bottom: f64,
}

impl Scale {
    /// A scale that shows all `values` between two heights; nothing when there are none.
    pub(super) fn over(values: impl Iterator<Item = f64>, top: f64, bottom: f64) -> Option<Scale> {
        let (mut least, mut greatest) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|v| v.is_finite()) {
            least = least.min(value);
            greatest = greatest.max(value);
        }
        if least > greatest {
            return None;
        }
        if least == greatest {
            let room = if least == 0.0 { 1.0 } else { least.abs() * 0.1 };
            (least, greatest) = (least - room, greatest + room);
        }
        let step = round_step((greatest - least) / TICKS);
        let low = (least / step).floor() * step;
        let high = (greatest / step).ceil() * step;
        Some(Scale { low, high, step, top, bottom })
    }

    /// The height of a value.
    pub(super) fn y(&self, value: f64) -> f64 {
        self.top + (self.high - value) / (self.high - self.low) * (self.bottom - self.top)
    }

    /// Round values and how they are written.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let places = (-self.step.log10().floor()).max(0.0) as usize;
        let count = ((self.high - self.low) / self.step).round() as usize;
        (0..=count)
            .map(|i| self.low + i as f64 * self.step)
            .map(|value| (value, number(&format!("{:.places$}", value + 0.0))))
            .collect()
    }
}

/// The smallest of 1, 2, 5, 10, 20 ... that is not less.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|n| n * power)
        .find(|step| *step >= least * 0.999)
        .unwrap_or(power * 10.0)
}

/// A linear axis of time.
pub(super) struct TimeAxis {
    first: i64,
    last: i64,
    left: f64,
    right: f64,
}

const HOUR: i64 = 3_600_000;
/// Marks on the axis at most, so that their words do not meet.
const MARKS: usize = 5;

impl TimeAxis {
    /// An axis that shows all `moments` between two places.
    pub(super) fn over(moments: impl Iterator<Item = i64>, left: f64, right: f64) -> TimeAxis {
        let (mut first, mut last) = (i64::MAX, i64::MIN);
        for moment in moments {
            first = first.min(moment);
            last = last.max(moment);
        }
        TimeAxis { first, last, left, right }
    }

    /// The place of a moment. When there is only one it stands in the middle.
    pub(super) fn x(&self, moment: i64) -> f64 {
        if self.last <= self.first {
            return (self.left + self.right) / 2.0;
        }
        let share = (moment - self.first) as f64 / (self.last - self.first) as f64;
        // Half a figure is kept free on both sides.
        self.left + 16.0 + share * (self.right - self.left - 32.0)
    }

    /// Round moments and how they are written: times of a day, days, months or years, as fits.
    pub(super) fn ticks(&self) -> Vec<(i64, String)> {
        if self.last <= self.first {
            return vec![(self.first, london(self.first).format("%d-%b-%Y").to_string())];
        }
        for hours in [1, 2, 4, 6, 12] {
            if (self.last - self.first) / (hours * HOUR) < MARKS as i64 {
                return self.hours(hours);
            }
        }
        for days in [1, 2, 7, 14] {
            if (self.last - self.first) / (days * 24 * HOUR) < MARKS as i64 {
                return self.days(days);
            }
        }
        for months in [1, 2, 3, 6, 12, 24, 60, 120] {
            let ticks = self.months(months);
            if ticks.len() <= MARKS {
                return ticks;
            }
        }
        self.months(240)
    }

    fn hours(&self, step: i64) -> Vec<(i64, String)> {
        let midnight = moment(london(self.first).date_naive());
        let first = midnight + ((self.first - midnight) / (step * HOUR)) * step * HOUR;
        (0..)
            .map(|i| first + i * step * HOUR)
            .take_while(|at| *at <= self.last)
            .filter(|at| *at >= self.first)
            .map(|at| (at, london(at).format("%d-%b %H:%M").to_string()))
            .collect()
    }

    fn days(&self, step: i64) -> Vec<(i64, String)> {
        let mut day = london(self.first).date_naive();
        let mut ticks = Vec::new();
        while moment(day) <= self.last {
            if moment(day) >= self.first {
                ticks.push((moment(day), day.format("%d-%b-%Y").to_string()));
            }
            day += chrono::TimeDelta::days(step);
        }
        ticks
    }

    fn months(&self, step: u32) -> Vec<(i64, String)> {
        let first = london(self.first).date_naive();
        let months = first.year() as u32 * 12 + first.month0();
        let start = months - months % step;
        let mut day = NaiveDate::from_ymd_opt((start / 12) as i32, start % 12 + 1, 1).unwrap_or(first);
        let form = if step.is_multiple_of(12) { "%Y" } else { "%b-%Y" };
        let mut ticks = Vec::new();
        while moment(day) <= self.last {
            if moment(day) >= self.first {
                ticks.push((moment(day), day.format(form).to_string()));
            }
            day = months_later(day, step);
        }
        ticks
    }
}

/// Midnight of a day in London.
fn moment(day: NaiveDate) -> i64 {
    crate::When::Day(NaiveDateTime::from(day).date()).start()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_local;

    #[test]
    fn a_scale_ends_at_round_numbers_and_shows_all_values() {
        for (values, ticks) in [
            (&[3.9, 6.1, 3.5, 5.3][..], "3.5 4.0 4.5 5.0 5.5 6.0 6.5"),
            (&[168.0, 45.0, 84.0], "0 50 100 150 200"),
            (&[0.0], "−1.0 −0.5 0.0 0.5 1.0"),
            (&[10_000.0, 250.0], "0 2,000 4,000 6,000 8,000 10,000"),
        ] {
            let scale = Scale::over(values.iter().copied(), 0.0, 100.0).unwrap();
            let written: Vec<String> = scale.ticks().into_iter().map(|(_, text)| text).collect();
            assert_eq!(written.join(" "), ticks);
            assert!(values.iter().all(|v| (0.0..=100.0).contains(&scale.y(*v))));
        }
        assert!(Scale::over([].into_iter(), 0.0, 100.0).is_none());
    }

    #[test]
    fn times_are_round_and_few_whatever_the_span() {
        let ticks = |from: &str, to: &str| {
            let moments = [from, to].map(|t| parse_local(t).unwrap());
            let axis = TimeAxis::over(moments.into_iter(), 0.0, 100.0);
            axis.ticks().into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" | ")
        };
        assert_eq!(
            ticks("2026-11-12T06:10", "2026-11-12T09:20"),
            "12-Nov 07:00 | 12-Nov 08:00 | 12-Nov 09:00"
        );
        assert_eq!(ticks("2026-11-09T06:10", "2026-11-12T09:20"), "10-Nov-2026 | 11-Nov-2026 | 12-Nov-2026");
        assert_eq!(
            ticks("2026-01-09T06:10", "2026-05-12T09:20"),
            "Feb-2026 | Mar-2026 | Apr-2026 | May-2026"
        );
        assert_eq!(ticks("2016-01-09T06:10", "2026-05-12T09:20"), "2018 | 2020 | 2022 | 2024 | 2026");
        assert_eq!(ticks("2026-11-12T09:20", "2026-11-12T09:20"), "12-Nov-2026");
    }

    #[test]
    fn newest_is_right() {
        let axis = TimeAxis::over([10, 20].into_iter(), 0.0, 100.0);
        assert!(axis.x(10) < axis.x(15) && axis.x(15) < axis.x(20));
    }
}
