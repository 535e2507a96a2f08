//! Units as people write them.

/// UCUM codes, which some senders give as the unit for people, in the form that is read on wards.
pub(super) fn unit(written: &str) -> String {
    match written {
        "mm[Hg]" => "mmHg",
        "Cel" | "cel" | "C" => "°C",
        "[degF]" => "°F",
        "{score}" | "{#}" | "1" | "score" => "",
        "/min" | "{beats}/min" => "per min",
        "kg/m2" => "kg/m²",
        "umol/L" => "µmol/L",
        "10*9/L" => "10⁹/L",
        "10*12/L" => "10¹²/L",
        "10*3/uL" => "10³/µL",
        "10*6/uL" => "10⁶/µL",
        "mL/min/{1.73_m2}" | "mL/min/1.73m2" => "mL/min/1.73m²",
        "[iU]/L" => "units/L",
        "m[iU]/L" => "milliunits/L",
        "ug/L" => "micrograms/L",
        "ng/mL" => "ng/mL",
        "milligram" => "mg",
        "microgram" => "micrograms",
        "milliliter" | "millilitre" | "ml" => "mL",
        other => other,
    }
    .to_owned()
}
