//! The medicine line (NHS Common User Interface, medication line guide): name, brand, strength, form, dose,
//! rate, duration, route, frequency, with long dashes between, breaking only after a dash.

use crate::number;
use maud::{Markup, Render, html};

/// How much at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dose {
    /// Decimal as written: `2.5`, or a range: `1 to 2`.
    pub amount: String,
    /// `mg`, `units`, `micrograms`, `tablets`; empty when the amount says it all.
    pub unit: String,
}

impl Dose {
    fn text(&self) -> String {
        let amount: Vec<String> = self.amount.split(" to ").map(number::dose).collect();
        let unit = in_full(&self.unit);
        format!("{}{}{unit}", amount.join(" to "), if unit.is_empty() { "" } else { "\u{a0}" })
    }
}

/// A medicine as prescribed or taken. Parts that are not known are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MedicineLine {
    /// Drug in full; combinations with `+`.
    pub name: String,
    /// Brand.
    pub brand: Option<String>,
    /// `5 mg in 5 mL`.
    pub strength: Option<String>,
    /// `tablet`.
    pub form: Option<String>,
    /// How much.
    pub dose: Option<Dose>,
    /// `100 mL per hour`.
    pub rate: Option<String>,
    /// `for 7 days`.
    pub duration: Option<String>,
    /// `oral`.
    pub route: Option<String>,
    /// `once a day`, `when needed`.
    pub frequency: Option<String>,
}

impl MedicineLine {
    /// As words alone, for tables that are exported and for screen titles.
    pub fn text(&self) -> String {
        let mut parts = vec![match &self.brand {
            Some(brand) => format!("{} {}", lower(&self.name), brand.to_uppercase()),
            None => lower(&self.name),
        }];
        parts.extend(self.strength.clone());
        parts.extend(self.form.clone());
        parts.extend(self.dose.as_ref().map(|dose| format!("DOSE {}", dose.text())));
        parts.extend(
            [&self.rate, &self.duration, &self.route, &self.frequency].into_iter().flatten().cloned(),
        );
        parts.join(" — ")
    }
}

impl Render for MedicineLine {
    fn render(&self) -> Markup {
        let mut parts: Vec<(Markup, bool)> = vec![(
            html! {
                b { (lower(&self.name)) }
                @if let Some(brand) = &self.brand { " " span class="app-med__brand" { (brand) } }
            },
            true,
        )];
        let plain = |part: &Option<String>| part.as_ref().map(|text| (html! { (text) }, text.len() > 24));
        parts.extend(plain(&self.strength));
        parts.extend(plain(&self.form));
        parts.extend(
            self.dose.as_ref().map(|dose| {
                (html! { span class="app-med__label" { "Dose" } " " b { (dose.text()) } }, false)
            }),
        );
        parts.extend([&self.rate, &self.duration, &self.route, &self.frequency].into_iter().flat_map(plain));
        let last = parts.len() - 1;
        html! {
            span class="app-med" {
                @for (i, (part, wraps)) in parts.into_iter().enumerate() {
                    span class=[wraps.then_some("app-med__wrap")] { (part) @if i < last { " —" } }
                    @if i < last { " " }
                }
            }
        }
    }
}

/// Drug names are in lower case; capitals inside a word (`NovoRapid`, `HRT`) are there for a reason.
fn lower(name: &str) -> String {
    let word = |word: &str| {
        let rest_is_small = word.chars().skip(1).all(|c| !c.is_uppercase());
        if rest_is_small && word.chars().count() > 1 { word.to_lowercase() } else { word.to_owned() }
    };
    name.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Units that are misread when short are written in full.
fn in_full(unit: &str) -> String {
    match unit {
        "ug" | "µg" | "μg" | "mcg" => "micrograms",
        "ng" => "nanograms",
        "u" | "U" | "IU" | "iu" | "[iU]" | "[IU]" => "units",
        "ml" => "mL",
        "{tablet}" | "TAB" => "tablet",
        "1" => "",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn dose(amount: &str, unit: &str) -> Option<Dose> {
        Some(Dose { amount: amount.into(), unit: unit.into() })
    }

    #[test]
    fn parts_stand_in_their_order_with_long_dashes_between() {
        let line = MedicineLine {
            name: "Insulin aspart".into(),
            brand: some("NovoRapid"),
            strength: some("100 units per mL"),
            form: some("pre-filled pen"),
            dose: dose("6.0", "[iU]"),
            route: some("subcutaneous"),
            frequency: some("with breakfast"),
            ..MedicineLine::default()
        };
        assert_eq!(
            line.text(),
            "insulin aspart NOVORAPID — 100 units per mL — pre-filled pen — DOSE 6\u{a0}units — subcutaneous — \
             with breakfast"
        );
    }

    #[test]
    fn doses_are_written_so_that_they_cannot_be_misread() {
        for (amount, unit, shown) in [
            (".5", "mg", "DOSE 0.5\u{a0}mg"),
            ("5.0", "mg", "DOSE 5\u{a0}mg"),
            ("1000", "U", "DOSE 1,000\u{a0}units"),
            ("75", "ug", "DOSE 75\u{a0}micrograms"),
            ("1 to 2", "tablets", "DOSE 1 to 2\u{a0}tablets"),
        ] {
            let line = MedicineLine { name: "x".into(), dose: dose(amount, unit), ..MedicineLine::default() };
            assert_eq!(line.text(), format!("x — {shown}"));
        }
    }

    #[test]
    fn a_line_breaks_after_a_dash_and_never_between_a_number_and_its_unit() {
        let line = MedicineLine {
            name: "Ramipril".into(),
            form: some("tablet"),
            dose: dose("5", "mg"),
            ..MedicineLine::default()
        };
        assert_eq!(
            line.render().into_string(),
            "<span class=\"app-med\"><span class=\"app-med__wrap\"><b>ramipril</b> —</span> <span>tablet —</span> \
             <span><span class=\"app-med__label\">Dose</span> <b>5\u{a0}mg</b></span></span>"
        );
    }

    #[test]
    fn capitals_within_a_word_stay() {
        assert_eq!(lower("Adcal-D3 Chewable Tablets"), "Adcal-D3 chewable tablets");
        assert_eq!(lower("HRT patch"), "HRT patch");
    }
}
