//! Pictures that telephones read.

use fast_qr::{ECL, QRBuilder};
use html::{Markup, html};
use std::fmt::Write;

/// Modules of quiet around it (ISO/IEC 18004).
const QUIET: usize = 4;
/// Pixels of a module.
const SCALE: usize = 5;

/// A text as a QR code. Nothing when it is too long for one; the text stands beside it anyway.
pub fn picture(text: &str, label: &str) -> Markup {
    let Ok(code) = QRBuilder::new(text).ecl(ECL::M).build() else { return html! {} };
    let mut path = String::new();
    for y in 0..code.size {
        for x in (0..code.size).filter(|x| code[y][*x].value()) {
            let _ = write!(path, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    let side = code.size + 2 * QUIET;
    html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(side * SCALE) height=(side * SCALE)
            viewBox={ "0 0 " (side) " " (side) } role="img" aria-label=(label) {
            rect width=(side) height=(side) fill="#fff" {}
            path d=(path) fill="#000" {}
        }
    }
}
