//! Charts as SVG: oldest left, newest right, a linear scale, values beside their points, units in the label.
//!
//! Every chart has a title and a description, and its page shows the same numbers in a table. There are no
//! inline styles: colours come from the style sheet by class.

mod axis;

use crate::When;
use axis::{Scale, TimeAxis};
use maud::{Markup, html};

const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 28.0;
const TOP: f64 = 28.0;
const BOTTOM: f64 = 34.0;
/// From the height of a figure above a point to that of one below.
const BELOW: f64 = 26.0;
/// Width of a digit of a figure.
const DIGIT: f64 = 8.5;

/// One measured value.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// When it was measured.
    pub at: When,
    /// Where it stands.
    pub value: f64,
    /// How it is written.
    pub shown: String,
    /// True when it is out of range.
    pub out: bool,
}

/// The usual range; an open side reaches the chart's edge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Band {
    /// Lower limit.
    pub low: Option<f64>,
    /// Upper limit.
    pub high: Option<f64>,
}

impl Band {
    fn limits(self) -> impl Iterator<Item = f64> {
        [self.low, self.high].into_iter().flatten()
    }

    fn is_known(self) -> bool {
        self.low.is_some() || self.high.is_some()
    }
}

/// A line over time.
pub struct Trend<'a> {
    /// Once on a page; other ids of the chart begin with it.
    pub id: &'a str,
    /// What is measured.
    pub title: &'a str,
    /// Unit of the values.
    pub unit: &'a str,
    /// Oldest first.
    pub points: &'a [Point],
    /// Usual range.
    pub band: Band,
}

/// The trend as a chart with its key.
pub fn trend(chart: &Trend<'_>) -> Markup {
    let values = chart.points.iter().map(|p| p.value);
    let Some(scale) = Scale::over(values.chain(chart.band.limits()), TOP, HEIGHT - BOTTOM) else {
        return html! {};
    };
    let time = TimeAxis::over(chart.points.iter().map(|p| p.at.start()), LEFT, WIDTH - RIGHT);
    let places: Vec<(f64, f64)> =
        chart.points.iter().map(|p| (time.x(p.at.start()), scale.y(p.value))).collect();
    let line: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    html! {
        svg class="app-chart app-chart--line" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img"
            aria-labelledby={ (chart.id) "-title " (chart.id) "-desc" } {
            title id={ (chart.id) "-title" } { (chart.title) ", " (chart.unit) }
            desc id={ (chart.id) "-desc" } { (in_words(chart)) }
            (band(chart.band, &scale))
            (grid(&scale, &time))
            polyline class="app-chart__line" fill="none" points=(line.join(" ")) {}
            @for (point, (x, y)) in chart.points.iter().zip(&places) { (mark(*x, *y, point.out)) }
            (figures(chart.points, &places))
            text class="app-chart__unit" x="4" y="12" { (chart.unit) }
        }
        @if chart.band.is_known() {
            p class="app-legend" {
                span { i class="app-fill-range" {} "Usual range" }
                @if chart.points.iter().any(|p| p.out) { span { i class="app-fill-out" {} "Out of range" } }
            }
        }
    }
}

fn in_words(chart: &Trend<'_>) -> String {
    let (Some(first), Some(last)) = (chart.points.first(), chart.points.last()) else { return String::new() };
    let by_value = |a: &&Point, b: &&Point| a.value.total_cmp(&b.value);
    let lowest = chart.points.iter().min_by(by_value).map_or("", |p| &p.shown);
    let highest = chart.points.iter().max_by(by_value).map_or("", |p| &p.shown);
    format!(
        "{} values from {} to {}. Lowest {lowest}, highest {highest}, latest {} {}. \
         Every value is in the table.",
        chart.points.len(),
        first.at.text(),
        last.at.text(),
        last.shown,
        chart.unit
    )
}

fn band(band: Band, scale: &Scale) -> Markup {
    let top = band.high.map_or(TOP, |high| scale.y(high));
    let bottom = band.low.map_or(HEIGHT - BOTTOM, |low| scale.y(low));
    html! {
        @if band.is_known() {
            rect class="app-chart__band" x=(LEFT) y=(short(top)) width=(WIDTH - LEFT - RIGHT)
                height=(short((bottom - top).max(0.0))) {}
        }
    }
}

/// Lines for the scale at the left, and times below.
fn grid(scale: &Scale, time: &TimeAxis) -> Markup {
    html! {
        @for (value, written) in scale.ticks() {
            @let y = scale.y(value);
            line class="app-chart__grid" x1=(LEFT) x2=(WIDTH - RIGHT) y1=(short(y)) y2=(short(y)) {}
            text class="app-chart__tick" x=(LEFT - 8.0) y=(short(y + 4.0)) text-anchor="end" { (written) }
        }
        @for (at, written) in time.ticks() {
            @let x = time.x(at);
            line class="app-chart__grid app-chart__grid--time" x1=(short(x)) x2=(short(x)) y1=(TOP)
                y2=(HEIGHT - BOTTOM) {}
            text class="app-chart__tick" x=(short(x)) y=(HEIGHT - BOTTOM + 20.0) text-anchor=(anchor(x)) {
                (written)
            }
        }
    }
}

/// Words at an edge must not leave the picture.
fn anchor(x: f64) -> &'static str {
    match x {
        x if x > WIDTH - RIGHT - 30.0 => "end",
        x if x < LEFT + 30.0 => "start",
        _ => "middle",
    }
}

/// Round in range, a larger diamond out of range: shape and colour say the same.
fn mark(x: f64, y: f64, out: bool) -> Markup {
    html! {
        @if out {
            path class="app-chart__point app-chart__point--out"
                d={ "M" (short(x)) " " (short(y - 6.0)) "l6 6-6 6-6-6z" } {}
        } @else {
            circle class="app-chart__point" cx=(short(x)) cy=(short(y)) r="3.6" {}
        }
    }
}

/// The figures beside the points: the newest first, then as many as there is room for.
fn figures(points: &[Point], places: &[(f64, f64)]) -> Markup {
    let mut free_until = f64::INFINITY;
    html! {
        @for (i, (point, (x, y))) in points.iter().zip(places).enumerate().rev() {
            @if *x <= free_until {
                ({ free_until = x - room(&point.shown); figure(*x, *y, &point.shown, i + 1 == points.len()) })
            }
        }
    }
}

/// Figures whose middles are nearer to each other than this would overlap.
fn room(shown: &str) -> f64 {
    (shown.chars().count() as f64 + 1.0) * DIGIT
}

fn figure(x: f64, y: f64, shown: &str, latest: bool) -> Markup {
    let above = if y - 10.0 < 14.0 { y + 20.0 } else { y - 10.0 };
    html! {
        text class={ "app-chart__figure" @if latest { " app-chart__figure--latest" } } x=(short(x))
            y=(short(above))
            text-anchor=(if x > WIDTH - RIGHT - 12.0 { "end" } else { "middle" }) { (shown) }
    }
}

fn short(coordinate: f64) -> String {
    format!("{coordinate:.1}")
}

/// A line of at most a dozen values in a table cell. Its numbers stand beside it, so readers do not get it.
pub fn sparkline(values: &[f64], band_of: Band, latest_is_out: bool) -> Markup {
    const W: f64 = 96.0;
    const H: f64 = 26.0;
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let span = if high > low { high - low } else { 1.0 };
    let y = |value: f64| 3.0 + (high - value) / span * (H - 6.0);
    let x = |i: usize| {
        if values.len() < 2 { W - 4.0 } else { 4.0 + i as f64 * (W - 8.0) / (values.len() - 1) as f64 }
    };
    let Some(last) = values.last() else { return html! {} };
    let band_top = band_of.high.map_or(0.0, y).clamp(0.0, H);
    let band_bottom = band_of.low.map_or(H, y).clamp(0.0, H);
    let points: Vec<String> =
        values.iter().enumerate().map(|(i, v)| format!("{:.1},{:.1}", x(i), y(*v))).collect();
    html! {
        svg class="app-sparkline" width=(W) height=(H) viewBox={ "0 0 " (W) " " (H) } aria-hidden="true"
            focusable="false" {
            @if band_of.is_known() {
                rect class="app-chart__band" x="0" width=(W) y=(short(band_top))
                    height=(short((band_bottom - band_top).max(0.0))) {}
            }
            polyline class="app-chart__line" fill="none" points=(points.join(" ")) {}
            circle class={ "app-chart__point" @if latest_is_out { " app-chart__point--out" } }
                cx=(short(x(values.len() - 1))) cy=(short(y(*last))) r="3.4" {}
        }
    }
}

/// One blood pressure.
#[derive(Clone, Debug, PartialEq)]
pub struct Pressure {
    /// When it was measured.
    pub at: When,
    /// Upper value.
    pub systolic: f64,
    /// Lower value.
    pub diastolic: f64,
}

/// Blood pressures over time, oldest first: vertical bars with two caps.
pub fn pressures(id: &str, readings: &[Pressure]) -> Markup {
    let values = readings.iter().flat_map(|r| [r.systolic, r.diastolic]);
    let Some(scale) = Scale::over(values, TOP, HEIGHT - BOTTOM) else { return html! {} };
    let time = TimeAxis::over(readings.iter().map(|r| r.at.start()), LEFT, WIDTH - RIGHT);
    let mut free_until = f64::INFINITY;
    html! {
        svg class="app-chart app-chart--line" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img"
            aria-labelledby={ (id) "-title " (id) "-desc" } {
            title id={ (id) "-title" } { "Blood pressure, mmHg" }
            desc id={ (id) "-desc" } { (pressures_in_words(readings)) }
            (grid(&scale, &time))
            @for reading in readings.iter().rev() {
                @let x = time.x(reading.at.start());
                (bar(x, scale.y(reading.systolic), scale.y(reading.diastolic)))
                @if x <= free_until {
                    ({
                        free_until = x - room("120");
                        html! {
                            (figure(x, scale.y(reading.systolic), &format!("{:.0}", reading.systolic), false))
                            (figure(x, scale.y(reading.diastolic) + BELOW, &format!("{:.0}", reading.diastolic), false))
                        }
                    })
                }
            }
            text class="app-chart__unit" x="4" y="12" { "mmHg" }
        }
    }
}

fn bar(x: f64, top: f64, bottom: f64) -> Markup {
    html! {
        path class="app-chart__bar" fill="none"
            d={ "M" (short(x - 5.0)) " " (short(top)) "h10m-5 0V" (short(bottom)) "m-5 0h10" } {}
    }
}

fn pressures_in_words(readings: &[Pressure]) -> String {
    let (Some(first), Some(last)) = (readings.first(), readings.last()) else { return String::new() };
    format!(
        "{} readings from {} to {}. Latest {:.0}/{:.0}. Every value is in the table.",
        readings.len(),
        first.at.text(),
        last.at.text(),
        last.systolic,
        last.diastolic
    )
}
