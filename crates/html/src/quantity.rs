//! Measured values as staff read them: value, unit, reference range, and the flag in words.

use crate::{Tone, number, tag};
use maud::{Markup, Render, html};

/// What a value means beside its reference range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// Far above.
    HighCritical,
    /// Far below.
    LowCritical,
    /// Above.
    High,
    /// Below.
    Low,
    /// Out of order, and dangerous.
    AbnormalCritical,
    /// Out of order, without a direction.
    Abnormal,
    /// In range.
    InRange,
}

impl Flag {
    /// Reads a code of HL7's ObservationInterpretation.
    pub fn from_code(code: &str) -> Option<Flag> {
        Some(match code {
            "HH" | "HU" => Flag::HighCritical,
            "LL" | "LU" => Flag::LowCritical,
            "H" | "HX" => Flag::High,
            "L" | "LX" => Flag::Low,
            "AA" => Flag::AbnormalCritical,
            "A" => Flag::Abnormal,
            "N" => Flag::InRange,
            _ => return None,
        })
    }

    /// The words.
    pub fn words(self) -> &'static str {
        match self {
            Flag::HighCritical => "H critical",
            Flag::LowCritical => "L critical",
            Flag::High => "H",
            Flag::Low => "L",
            Flag::AbnormalCritical => "Abnormal critical",
            Flag::Abnormal => "Abnormal",
            Flag::InRange => "In range",
        }
    }

    /// True for everything but in range.
    pub fn is_out(self) -> bool {
        self != Flag::InRange
    }
}

impl Render for Flag {
    fn render(&self) -> Markup {
        match self {
            Flag::HighCritical | Flag::LowCritical | Flag::AbnormalCritical => tag(Tone::Red, self.words()),
            Flag::High | Flag::Low | Flag::Abnormal => tag(Tone::RedLine, self.words()),
            Flag::InRange => html! { span class="app-s app-muted app-nowrap" { (self.words()) } },
        }
    }
}

/// The range that is usual, as decimals in text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// Lowest that is in range.
    pub low: Option<String>,
    /// Highest that is in range.
    pub high: Option<String>,
    /// In words, when there are no limits.
    pub text: Option<String>,
}

impl Reference {
    /// `3.5 to 5.3`, `60 or more`, `5 or less`, or its own words. Empty when nothing is known.
    pub fn words(&self) -> String {
        match (&self.low, &self.high) {
            (Some(low), Some(high)) => format!("{} to {}", number(low), number(high)),
            (Some(low), None) => format!("{} or more", number(low)),
            (None, Some(high)) => format!("{} or less", number(high)),
            (None, None) => self.text.clone().unwrap_or_default(),
        }
    }

    /// Low and high as numbers for a chart.
    pub fn limits(&self) -> (Option<f64>, Option<f64>) {
        let parse = |limit: &Option<String>| limit.as_deref().and_then(|l| l.parse().ok());
        (parse(&self.low), parse(&self.high))
    }

    /// Where a value lies, when there are limits and nobody has said.
    pub fn flag(&self, value: f64) -> Option<Flag> {
        match self.limits() {
            (None, None) => None,
            (_, Some(high)) if value > high => Some(Flag::High),
            (Some(low), _) if value < low => Some(Flag::Low),
            _ => Some(Flag::InRange),
        }
    }
}

/// A result in one line: `6.1 mmol/L (3.5 to 5.3) H critical`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultLine {
    /// The value as shown.
    pub value: String,
    /// Its unit; empty when it has none.
    pub unit: String,
    /// The usual range.
    pub reference: Reference,
    /// What it means.
    pub flag: Option<Flag>,
}

impl ResultLine {
    /// As words alone.
    pub fn text(&self) -> String {
        let mut text = self.value.clone();
        if !self.unit.is_empty() {
            text.push_str(&format!(" {}", self.unit));
        }
        let range = self.reference.words();
        if !range.is_empty() {
            text.push_str(&format!(" ({range})"));
        }
        match self.flag {
            Some(flag) if flag.is_out() => format!("{text} {}", flag.words()),
            _ => text,
        }
    }
}

impl Render for ResultLine {
    fn render(&self) -> Markup {
        let range = self.reference.words();
        html! {
            span class="app-nowrap" {
                strong class="app-strong" { (self.value) }
                @if !self.unit.is_empty() { "\u{a0}" (self.unit) }
            }
            @if !range.is_empty() { " " span class="app-muted app-nowrap" { "(" (range) ")" } }
            @if let Some(flag) = self.flag { @if flag.is_out() { " " (flag) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(low: &str, high: &str) -> Reference {
        let limit = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Reference { low: limit(low), high: limit(high), text: None }
    }

    #[test]
    fn a_result_is_value_unit_range_and_flag_in_words() {
        let line = |value: &str, unit: &str, range: Reference, flag| {
            ResultLine { value: value.into(), unit: unit.into(), reference: range, flag }.text()
        };
        let critical = Some(Flag::HighCritical);
        assert_eq!(
            line("6.1", "mmol/L", reference("3.5", "5.3"), critical),
            "6.1 mmol/L (3.5 to 5.3) H critical"
        );
        assert_eq!(line("118", "g/L", reference("115", "165"), Some(Flag::InRange)), "118 g/L (115 to 165)");
        assert_eq!(line("27", "", reference("60", ""), Some(Flag::Low)), "27 (60 or more) L");
        assert_eq!(line("Positive", "", Reference::default(), None), "Positive");
    }

    #[test]
    fn a_value_without_a_flag_is_compared_with_its_range() {
        for (low, high, value, flag) in [
            ("3.5", "5.3", 5.3, Some(Flag::InRange)),
            ("3.5", "5.3", 5.4, Some(Flag::High)),
            ("3.5", "5.3", 3.4, Some(Flag::Low)),
            ("60", "", 27.0, Some(Flag::Low)),
            ("", "5", 84.0, Some(Flag::High)),
            ("", "", 1.0, None),
        ] {
            assert_eq!(reference(low, high).flag(value), flag, "{value} in {low} to {high}");
        }
    }
}
