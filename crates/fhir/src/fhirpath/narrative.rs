//! The rules of a narrative (R4, Narrative: txt-1 and txt-2): well-formed XHTML of a few harmless elements, with
//! something in it.

/// Elements that a narrative may have: chapters 7 to 11 and 15 of HTML 4.0 without forms, with `a` and `img`.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "b",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
];

/// Attributes that its elements may have.
const ATTRIBUTES: &[&str] = &[
    "abbr",
    "align",
    "alt",
    "axis",
    "bgcolor",
    "border",
    "cellhalign",
    "cellpadding",
    "cellspacing",
    "cellvalign",
    "char",
    "charoff",
    "cite",
    "class",
    "clear",
    "color",
    "colspan",
    "compact",
    "coords",
    "datetime",
    "dir",
    "face",
    "frame",
    "headers",
    "height",
    "href",
    "hreflang",
    "hspace",
    "id",
    "idref",
    "ismap",
    "lang",
    "longdesc",
    "name",
    "noshade",
    "nowrap",
    "rel",
    "rev",
    "rowspan",
    "rules",
    "scope",
    "shape",
    "size",
    "span",
    "src",
    "start",
    "style",
    "summary",
    "tabindex",
    "target",
    "title",
    "type",
    "usemap",
    "valign",
    "value",
    "vspace",
    "width",
    "xml:lang",
    "xmlns",
    "xml:space",
];

/// Elements within one another.
const DEPTH_MAX: usize = 100;

/// What is wrong with a narrative; nothing when it is sound.
pub(super) fn fault_in(text: &str) -> Option<&'static str> {
    let mut open: Vec<&str> = Vec::new();
    let (mut rest, mut begun, mut filled) = (text.trim(), false, false);
    while let Some(at) = rest.find('<') {
        if open.is_empty() && (begun || at > 0) {
            return Some("there is something beside the one div");
        }
        filled |= !rest[..at].trim().is_empty();
        if let Some(comment) = rest[at..].strip_prefix("<!--") {
            let Some(end) = comment.find("-->") else { return Some("a comment is not closed") };
            rest = &comment[end + 3..];
            continue;
        }
        let inside = &rest[at + 1..];
        let Some(end) = end_of_tag(inside) else { return Some("a tag is not closed") };
        let tag = &inside[..end];
        rest = &inside[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name.trim_end()) {
                return Some("an end tag does not fit its start tag");
            }
            continue;
        }
        let (tag, alone) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let name = tag.split_whitespace().next().unwrap_or_default();
        if !begun && name != "div" || !ELEMENTS.contains(&name) || !attributes_are_sound(&tag[name.len()..]) {
            return Some("there is an element or attribute that a narrative may not have");
        }
        (begun, filled) = (true, filled || name == "img");
        if !alone {
            open.push(name);
        }
        if open.len() > DEPTH_MAX {
            return Some("elements stand too deep in one another");
        }
    }
    match () {
        () if !open.is_empty() => Some("an element is not closed"),
        () if !begun || !rest.trim().is_empty() => Some("there is something beside the one div"),
        () if !filled => Some("there is nothing in it"),
        () => None,
    }
}

/// Where the tag ends: at the first `>` outside quotes.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            _ => {}
        }
    }
    None
}

fn attributes_are_sound(text: &str) -> bool {
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let Some((name, value)) = rest.split_once('=') else { return false };
        let value = value.trim_start();
        let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else { return false };
        let Some(end) = value[1..].find(quote) else { return false };
        let script = value[1..].trim_start().get(..11).is_some_and(|v| v.eq_ignore_ascii_case("javascript:"));
        if !ATTRIBUTES.contains(&name.trim_end()) || script {
            return false;
        }
        rest = value[end + 2..].trim_start();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::fault_in;

    #[test]
    fn a_narrative_is_harmless_xhtml_with_something_in_it() {
        for sound in [
            "<div xmlns=\"http://www.w3.org/1999/xhtml\">a</div>",
            "<div><p title='a>b'>x<br/></p><!-- <script> --></div>",
            "<div><img src=\"#a\" alt=\"\"/></div>",
        ] {
            assert_eq!(fault_in(sound), None, "{sound}");
        }
        for faulty in [
            "",
            "a",
            "<p>a</p>",
            "<div></div>",
            "<div> <p/> </div>",
            "<div>a",
            "<div><b>a</div></b>",
            "<div>a</div>b",
            "<div><script>a</script></div>",
            "<div onclick=\"a\">a</div>",
            "<div><a href=\"javascript:a()\">a</a></div>",
            "<div><!-- a</div>",
            "<div a>a</div>",
            "<div>a</div><div>b</div>",
        ] {
            assert!(fault_in(faulty).is_some(), "{faulty}");
        }
    }
}
