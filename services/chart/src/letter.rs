//! The text of letters. HTML that came from elsewhere is taken apart and put together anew from a few elements
//! without any attribute, so nothing in it can run, load, or look like a part of the page.

use maud::{Markup, PreEscaped, html};

/// What a letter may be made of. Everything else loses its tags and keeps its words.
const KEPT: [&str; 22] = [
    "p",
    "br",
    "b",
    "strong",
    "i",
    "em",
    "u",
    "sub",
    "sup",
    "ul",
    "ol",
    "li",
    "table",
    "thead",
    "tbody",
    "tr",
    "td",
    "th",
    "h3",
    "h4",
    "hr",
    "blockquote",
];
/// What goes with all that is in it.
const DROPPED: [&str; 8] = ["script", "style", "head", "title", "iframe", "object", "template", "svg"];
/// What has no end tag.
const EMPTY: [&str; 2] = ["br", "hr"];

/// Plain text: a line is a line, and an empty line begins a paragraph.
pub fn text(text: &str) -> Markup {
    let text = text.replace("\r\n", "\n");
    html! {
        @for paragraph in text.split("\n\n").filter(|p| !p.trim().is_empty()) {
            p { @for (i, line) in paragraph.trim_matches('\n').lines().enumerate() { @if i > 0 { br; } (line) } }
        }
    }
}

/// HTML as far as it is harmless.
pub fn harmless(source: &str) -> Markup {
    let mut out = String::new();
    let mut open: Vec<&'static str> = Vec::new();
    let mut rest = source;
    while let Some(start) = rest.find('<') {
        push_words(&rest[..start], &mut out);
        rest = &rest[start..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let Some(end) = rest.find('>') else {
            rest = "";
            break;
        };
        let tag = Tag::read(&rest[1..end]);
        rest = &rest[end + 1..];
        if !tag.closing && DROPPED.contains(&tag.name.as_str()) {
            rest = after_end(rest, &tag.name);
            continue;
        }
        push_tag(&tag, &mut open, &mut out);
    }
    push_words(rest, &mut out);
    for name in open.iter().rev() {
        out.push_str(&format!("</{name}>"));
    }
    PreEscaped(out)
}

struct Tag {
    name: String,
    closing: bool,
}

impl Tag {
    fn read(inside: &str) -> Tag {
        let (closing, inside) = inside.strip_prefix('/').map_or((false, inside), |rest| (true, rest));
        let name: String = inside.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        Tag { name: name.to_ascii_lowercase(), closing }
    }
}

fn push_tag(tag: &Tag, open: &mut Vec<&'static str>, out: &mut String) {
    // Headings of a letter come below those of the page.
    let name = match tag.name.as_str() {
        "h1" | "h2" => "h3",
        "h5" | "h6" => "h4",
        "div" | "section" => "p",
        other => other,
    };
    let Some(name) = KEPT.iter().find(|kept| **kept == name).copied() else {
        out.push(' ');
        return;
    };
    if EMPTY.contains(&name) {
        out.push_str(&format!("<{name}>"));
    } else if !tag.closing {
        open.push(name);
        out.push_str(&format!("<{name}>"));
    } else if let Some(place) = open.iter().rposition(|other| *other == name) {
        for inner in open.drain(place..).rev() {
            out.push_str(&format!("</{inner}>"));
        }
    }
}

/// What comes after the end tag of `name`; nothing when there is none.
fn after_end<'s>(rest: &'s str, name: &str) -> &'s str {
    let lower = rest.to_ascii_lowercase();
    let Some(at) = lower.find(&format!("</{name}")) else { return "" };
    rest[at..].split_once('>').map_or("", |(_, after)| after)
}

/// Words with their character references made plain first, then escaped by us.
fn push_words(words: &str, out: &mut String) {
    let mut plain = String::new();
    let mut rest = words;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').filter(|end| *end <= 10);
        match end.and_then(|end| Some((end, character(&rest[1..end])?))) {
            Some((end, c)) => {
                plain.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                plain.push('&');
                rest = &rest[1..];
            }
        }
    }
    plain.push_str(rest);
    out.push_str(&html! { (plain) }.into_string());
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "pound" => '£',
        "deg" => '°',
        "micro" => 'µ',
        "ndash" => '–',
        "mdash" => '—',
        "rsquo" => '’',
        "lsquo" => '‘',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_keeps_its_shape() {
        assert_eq!(
            text("Dear Dr A,\nRe: B\n\n\nThank <you>").into_string(),
            "<p>Dear Dr A,<br>Re: B</p><p>Thank &lt;you&gt;</p>"
        );
        assert_eq!(
            harmless("<h1>Clinic</h1><div>BP 120/80 &amp; <b class=x>well</b></div>").into_string(),
            "<h3>Clinic</h3><p>BP 120/80 &amp; <b>well</b></p>"
        );
    }

    #[test]
    fn nothing_in_a_letter_can_run_or_load() {
        for (source, kept) in [
            ("a<script>alert(1)</script>b", "ab"),
            ("a<SCRIPT src=x>alert(1)</ScRiPt >b", "ab"),
            ("<p onclick=\"x()\" style='y'>t</p>", "<p>t</p>"),
            ("<a href=\"javascript:x()\">t</a>", " t "),
            ("<img src=x onerror=x()>t", " t"),
            ("&lt;script&gt;x&lt;/script&gt;", "&lt;script&gt;x&lt;/script&gt;"),
            ("<svg><p onload=x>t</p></svg>u", "u"),
            ("<!-- <script> -->t", "t"),
            ("t<script", "t"),
            ("<style>p{}</style><b>t", "<b>t</b>"),
            ("</p></table>t", "t"),
            ("<b><i>t</b>u</i>", "<b><i>t</i></b>u"),
            ("<scr<script>ipt>t", " ipt&gt;t"),
            ("&#60;b&#x3e; &nope; & &amp", "&lt;b&gt; &amp;nope; &amp; &amp;amp"),
        ] {
            assert_eq!(harmless(source).into_string(), kept, "{source}");
        }
    }
}
