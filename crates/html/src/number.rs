//! Numbers as staff read them: `0.5`, `5`, `1,000`; never `.5`, never a long tail of digits nobody measured.

/// Digits after the point beyond which a number is the product of a calculation, not of a measurement.
const PLACES_MAX: usize = 3;

/// A decimal as it was written, with a leading zero and commas between thousands. One with more than three
/// digits after the point is rounded to four significant ones. What is not a plain decimal stays as it is.
pub fn number(written: &str) -> String {
    let written = written.trim();
    let (sign, rest) = written.strip_prefix('-').map_or(("", written), |rest| ("−", rest));
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let plain = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
    if !plain(whole) || !plain(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return written.to_owned();
    }
    if fraction.len() > PLACES_MAX {
        return format!("{sign}{}", with_commas(&significant(rest.parse().unwrap_or_default())));
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}", with_commas(&format!("{whole}{point}{fraction}")))
}

/// Four significant digits without needless zeros.
fn significant(value: f64) -> String {
    let magnitude = if value > 0.0 { value.log10().floor() as i32 } else { 0 };
    let rounded = format!("{value:.*}", (3 - magnitude).clamp(0, 12) as usize);
    match rounded.contains('.') {
        true => rounded.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => rounded,
    }
}

/// A whole number with commas: `3,104`.
pub fn count(n: u64) -> String {
    with_commas(&n.to_string())
}

/// A dose: as [`number`], and never a zero at the end of a fraction (`5`, not `5.0`, which is read as fifty).
pub(crate) fn dose(written: &str) -> String {
    match written.split_once('.') {
        Some((whole, fraction)) if fraction.len() <= PLACES_MAX => {
            let fraction = fraction.trim_end_matches('0');
            number(&if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") })
        }
        _ => number(written),
    }
}

fn with_commas(plain: &str) -> String {
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let mut out = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_leading_zero_and_commas_and_keep_their_precision() {
        for (written, shown) in [
            (".5", "0.5"),
            ("0.50", "0.50"),
            ("5", "5"),
            ("1000", "1,000"),
            ("1234567.25", "1,234,567.25"),
            ("-1.5", "−1.5"),
            ("185.37145420281468", "185.4"),
            ("6.10000001", "6.1"),
            ("0.00012346", "0.0001235"),
            ("123456.7891", "123,457"),
            ("1e3", "1e3"),
            ("<5", "<5"),
            ("", ""),
        ] {
            assert_eq!(number(written), shown, "{written}");
        }
        assert_eq!(count(3104), "3,104");
    }

    #[test]
    fn doses_have_no_trailing_zero() {
        for (written, shown) in
            [("5.0", "5"), ("0.50", "0.5"), ("2.5", "2.5"), ("100", "100"), ("1000.0", "1,000")]
        {
            assert_eq!(dose(written), shown, "{written}");
        }
    }
}
