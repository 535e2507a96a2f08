//! A Rust file as the rules look at it: its text, and its code with comments and literals blanked out, so
//! that a word in a sentence is not taken for a word of the language. Positions are the same in both.

/// One `.rs` file.
#[derive(Debug)]
pub struct Source {
    /// Relative to the root.
    pub path: String,
    pub text: String,
    /// `text` with each character of a comment, string or character literal replaced by a space.
    pub code: String,
    /// Where `#[cfg(test)]` items and the bodies of `static` and `const` tables begin and end.
    tests: Vec<(usize, usize)>,
    /// The whole file is compiled for tests only.
    for_tests: bool,
    tables: Vec<(usize, usize)>,
}

/// A function with a body.
#[derive(Debug)]
pub struct Function<'a> {
    pub name: &'a str,
    pub start: usize,
    pub end: usize,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Source {
        let code = blank(text);
        let tests = spans_after(&code, "#[cfg(test)]");
        let tables = tables(&code);
        let for_tests = path.ends_with("/tests.rs") || path.contains("/tests/");
        Source { path: path.to_owned(), text: text.to_owned(), code, tests, for_tests, tables }
    }

    /// The whole file is a test: `tests.rs`, in a folder `tests`, or a module under `#[cfg(test)]`.
    pub fn is_test_file(&self) -> bool {
        self.for_tests
    }

    pub fn mark_as_test(&mut self) {
        self.for_tests = true;
    }

    /// The names of modules in other files that are compiled for tests only.
    pub fn test_modules(&self) -> Vec<&str> {
        let items = self.tests.iter().map(|&(start, end)| &self.code[start..end]);
        let names = items.filter_map(|item| item.strip_suffix(';')?.rsplit_once("mod "));
        names.map(|(_, name)| name.trim()).collect()
    }

    /// The folder the file is in.
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    pub fn is_test(&self, at: usize) -> bool {
        self.is_test_file() || inside(&self.tests, at)
    }

    /// The number of the line, from 1, that a position is on.
    pub fn line(&self, at: usize) -> usize {
        self.text[..at].matches('\n').count() + 1
    }

    /// Each place in the code, outside comments and literals, where the words stand as whole words.
    pub fn find<'a>(&'a self, words: &'a str) -> impl Iterator<Item = usize> + 'a {
        let (first, last) = (words.chars().next(), words.chars().last());
        self.code.match_indices(words).map(|(at, _)| at).filter(move |&at| {
            let before = self.code[..at].chars().next_back();
            let after = self.code[at + words.len()..].chars().next();
            let is_part_of_a_word = joins(before) && joins(first) || joins(last) && joins(after);
            !is_part_of_a_word
        })
    }

    /// Lines that count towards the length of a file: neither tests nor tables.
    pub fn lines_that_count(&self) -> usize {
        if self.is_test_file() {
            return 0;
        }
        self.count(0, self.text.len())
    }

    /// Lines of a part of the file, without those in tests and tables.
    pub fn count(&self, start: usize, end: usize) -> usize {
        let mut at = start;
        let mut count = 0;
        for line in self.text[start..end].split_inclusive('\n') {
            let first = at + (line.len() - line.trim_start().len()).min(line.trim_end().len());
            if !inside(&self.tests, first) && !inside(&self.tables, first) {
                count += 1;
            }
            at += line.len();
        }
        count
    }

    pub fn functions(&self) -> Vec<Function<'_>> {
        self.find("fn").filter_map(|start| self.function(start)).collect()
    }

    fn function(&self, start: usize) -> Option<Function<'_>> {
        let rest = &self.code[start + 2..];
        let name = rest.trim_start();
        let name = &name[..name.find(|c: char| !joins(Some(c)))?];
        if name.is_empty() {
            return None; // the type `fn(A) -> B`
        }
        let body = first_outside_brackets(&self.code, start, ['{', ';'])?;
        if self.code[body..].starts_with(';') {
            return None; // a declaration in a trait
        }
        Some(Function { name, start, end: closing(&self.code, body) })
    }
}

fn joins(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_alphanumeric() || c == '_')
}

fn inside(spans: &[(usize, usize)], at: usize) -> bool {
    spans.iter().any(|&(start, end)| (start..end).contains(&at))
}

/// The spans of the items that follow an attribute.
fn spans_after(code: &str, attribute: &str) -> Vec<(usize, usize)> {
    let span = |(start, _)| {
        let body = first_outside_brackets(code, start + attribute.len(), ['{', ';'])?;
        let end = if code[body..].starts_with('{') { closing(code, body) } else { body + 1 };
        Some((start, end))
    };
    code.match_indices(attribute).filter_map(span).collect()
}

/// The spans of what `static` and `const` items are set to, with brackets and all.
fn tables(code: &str) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    for word in ["static ", "const "] {
        for (start, _) in code.match_indices(word) {
            let name = code[start + word.len()..].trim_start_matches("mut ");
            if joins(code[..start].chars().next_back()) || !name.starts_with(|c: char| c.is_ascii_uppercase())
            {
                continue; // `&'static str`, `const fn`
            }
            let Some(equals) = item_value(code, start) else { continue };
            let Some(end) = first_outside_brackets(code, equals, [';']) else { continue };
            if code[equals..end].trim_start_matches(['=', ' ', '&', '\n']).starts_with('[') {
                spans.push((equals, end));
            }
        }
    }
    spans
}

/// The `=` of an item, before which stand its name and type.
fn item_value(code: &str, start: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in code[start..].char_indices() {
        match c {
            '[' | '(' | '<' => depth += 1,
            ']' | ')' | '>' => depth = depth.saturating_sub(1),
            '=' if depth == 0 => return Some(start + at),
            ';' | '{' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// The first of some characters that is not within brackets: `;` and `{` mean something else in there.
fn first_outside_brackets<const N: usize>(code: &str, start: usize, wanted: [char; N]) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in code[start..].char_indices() {
        match c {
            c if depth == 0 && wanted.contains(&c) => return Some(start + at),
            '[' | '(' | '{' => depth += 1,
            ']' | ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// The position after the bracket that closes the one at `open`.
pub fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0usize;
    for (at, c) in code[open..].char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return open + at + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

/// Blanks comments, strings and characters, byte for byte; line ends stay.
fn blank(text: &str) -> String {
    let mut code: Vec<u8> = text.bytes().collect();
    let mut at = 0;
    while at < text.len() {
        let end = literal_end(&text[at..]).map_or(at, |length| at + length);
        if end == at {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        }
        code[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        at = end;
    }
    String::from_utf8(code).expect("whole characters were replaced by spaces")
}

/// The length of the comment or literal that the text begins with.
fn literal_end(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(block_comment_end(text));
    }
    let hashes = text.strip_prefix("r#").map(|rest| 1 + rest.bytes().take_while(|&b| b == b'#').count());
    if let Some(hashes) = hashes.filter(|&hashes| text[1 + hashes..].starts_with('"')) {
        let close = format!("\"{}", "#".repeat(hashes));
        let start = 2 + hashes;
        return Some(text[start..].find(&close).map_or(text.len(), |at| start + at + close.len()));
    }
    if let Some(rest) = text.strip_prefix("r\"") {
        return Some(rest.find('"').map_or(text.len(), |at| at + 3));
    }
    if text.starts_with('"') {
        return Some(quoted_end(text, '"'));
    }
    let is_character =
        text.starts_with('\'') && (text[1..].starts_with('\\') || text[1..].chars().nth(1) == Some('\''));
    is_character.then(|| quoted_end(text, '\''))
}

fn quoted_end(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn block_comment_end(text: &str) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}
