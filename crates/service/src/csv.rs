//! Tables as files for a spreadsheet (RFC 4180).

/// Lines of fields. A field that a spreadsheet would take for a formula gets an apostrophe before it.
pub fn csv(lines: &[Vec<String>]) -> Vec<u8> {
    let mut out = String::from("\u{feff}");
    for line in lines {
        let fields: Vec<String> = line.iter().map(|field| quoted(field)).collect();
        out.push_str(&fields.join(","));
        out.push_str("\r\n");
    }
    out.into_bytes()
}

fn quoted(field: &str) -> String {
    let formula = field.starts_with(['=', '+', '@', '\t', '\r'])
        || (field.starts_with('-') && field.parse::<f64>().is_err());
    let safe = if formula { format!("'{field}") } else { field.to_owned() };
    if safe.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be_and_never_become_formulas() {
        let lines = [
            vec!["Potassium".to_owned(), "-1.5".into(), "a \"b\", c".into()],
            vec!["=1+1".into(), "+44".into(), "-x".into()],
        ];
        let text = String::from_utf8(csv(&lines)).unwrap();
        assert_eq!(text, "\u{feff}Potassium,-1.5,\"a \"\"b\"\", c\"\r\n'=1+1,'+44,'-x\r\n");
    }
}
