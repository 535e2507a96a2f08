//! Tables. A wide one scrolls inside its own region, never the page.

use maud::{Markup, html};

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its head.
    pub title: Markup,
    /// True for numbers: to the right, digits of one width.
    pub numeric: bool,
}

impl Column {
    /// A column of text.
    pub fn text(title: &str) -> Column {
        Column { title: html! { (title) }, numeric: false }
    }

    /// A column of numbers.
    pub fn number(title: &str) -> Column {
        Column { title: html! { (title) }, numeric: true }
    }
}

/// A table. The first cell of each row is its head.
pub struct Table<'a> {
    /// Id of the caption, once on a page.
    pub id: &'a str,
    /// What the table shows; heard, not seen.
    pub caption: String,
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows: as many cells as there are columns.
    pub rows: Vec<Vec<Markup>>,
    /// True when the reader may sort it by a press on a head (with scripts on).
    pub sortable: bool,
}

/// The table in its region.
pub fn table(table: &Table<'_>) -> Markup {
    html! {
        div class="app-scroll" tabindex="0" role="region" aria-labelledby=(table.id) {
            table class="app-table" data-sortable[table.sortable] {
                caption class="nhsuk-u-visually-hidden" id=(table.id) { (table.caption) }
                thead {
                    tr {
                        @for column in &table.columns {
                            th scope="col" class=[column.numeric.then_some("app-num")] { (column.title) }
                        }
                    }
                }
                tbody { @for row in &table.rows { tr { (cells(&table.columns, row)) } } }
            }
        }
    }
}

fn cells(columns: &[Column], row: &[Markup]) -> Markup {
    html! {
        @for (i, (column, cell)) in columns.iter().zip(row).enumerate() {
            @if i == 0 {
                th scope="row" class=[column.numeric.then_some("app-num")] { (cell) }
            } @else {
                td class=[column.numeric.then_some("app-num")] { (cell) }
            }
        }
    }
}
