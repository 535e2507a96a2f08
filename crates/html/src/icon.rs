//! The pictures that stand beside words; never alone, and hidden from screen readers.

use maud::{Markup, html};

/// A picture of one colour, that of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// Triangle with an exclamation mark: known allergies, warnings.
    Warning,
    /// Tick: no known allergies, done.
    Tick,
    /// Circle with an i: not recorded.
    Information,
    /// Circle with a bar across: unavailable.
    Unavailable,
    /// Points down: opens what is below.
    Chevron,
    /// Magnifying glass.
    Search,
    /// Plus sign.
    Plus,
    /// Clock with an arrow back: the record as it was.
    History,
}

impl Icon {
    fn path(self) -> &'static str {
        match self {
            Icon::Warning => "M12 2.5 23 21.5H1L12 2.5Zm-1.2 7v6h2.4v-6h-2.4Zm0 7.6v2.3h2.4v-2.3h-2.4Z",
            Icon::Tick => "m9.3 18.6-6-6L5.5 10.4l3.8 3.8L18.5 5l2.2 2.2z",
            Icon::Information => {
                "M12 1.5a10.5 10.5 0 1 0 0 21 10.5 10.5 0 0 0 0-21Zm-1.2 4.3h2.4v2.4h-2.4V5.8Zm0 4.4h2.4v8h-2.4v-8Z"
            }
            Icon::Unavailable => {
                "M12 1.5a10.5 10.5 0 1 0 0 21 10.5 10.5 0 0 0 0-21Zm0 2.6a7.9 7.9 0 0 1 4.8 1.6L5.7 16.8A7.9 7.9 0 \
                 0 1 12 4.1Zm0 15.8a7.9 7.9 0 0 1-4.5-1.4L18.5 7.5A7.9 7.9 0 0 1 12 19.9Z"
            }
            Icon::Chevron => "m12 16.5-8-8L6 6.4l6 6 6-6 2 2.1z",
            Icon::Search => {
                "m20.7 18.9-4.1-4.1a7 7 0 1 0-1.4 1.4l4 4.1a1 1 0 0 0 1.5 0c.4-.4.4-1 0-1.4ZM6 10.6a5 5 0 1 1 10 0 5 \
                 5 0 0 1-10 0Z"
            }
            Icon::Plus => "M10.5 3h3v7.5H21v3h-7.5V21h-3v-7.5H3v-3h7.5z",
            Icon::History => {
                "M12 3a9 9 0 1 1-8.8 10.9l2.4-.5A6.5 6.5 0 1 0 7.2 7.4L9.8 10H3V3.2l2.4 2.4A9 9 0 0 1 12 3Zm-1.1 \
                 4.4h2.2v4.2l3.2 1.9-1.1 1.9-4.3-2.6V7.4Z"
            }
        }
    }
}

/// The picture as SVG in the text's colour and size.
pub fn icon(icon: Icon) -> Markup {
    html! {
        svg class="app-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false" { path d=(icon.path()) {} }
    }
}
