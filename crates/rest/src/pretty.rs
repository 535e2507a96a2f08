//! JSON for people: line breaks and indents.

use fhir::json::{Kind, Value, write_string};

/// Appends a value with two spaces a level.
pub(crate) fn write(value: Value<'_>, level: usize, out: &mut String) {
    let gap = |level: usize, out: &mut String| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", level));
    };
    match value.kind() {
        Kind::Object if value.members().next().is_some() => {
            for (i, (name, member)) in value.members().enumerate() {
                out.push(if i == 0 { '{' } else { ',' });
                gap(level + 1, out);
                write_string(&name, out);
                out.push_str(": ");
                write(member, level + 1, out);
            }
            gap(level, out);
            out.push('}');
        }
        Kind::Array if value.items().next().is_some() => {
            for (i, item) in value.items().enumerate() {
                out.push(if i == 0 { '[' } else { ',' });
                gap(level + 1, out);
                write(item, level + 1, out);
            }
            gap(level, out);
            out.push(']');
        }
        _ => value.write_canonical(out),
    }
}

#[cfg(test)]
mod tests {
    use fhir::json::{Json, Limits};

    #[test]
    fn a_value_is_laid_out() {
        let json = Json::parse(r#"{"a":[1.0,{}],"b":"\"","c":[]}"#, Limits::DOOR).unwrap();
        let mut out = String::new();
        super::write(json.root(), 0, &mut out);
        assert_eq!(out, "{\n  \"a\": [\n    1.0,\n    {}\n  ],\n  \"b\": \"\\\"\",\n  \"c\": []\n}");
    }
}
