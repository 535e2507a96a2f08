//! A view run on resources (SQL on FHIR 2, "Processing Algorithm").

use crate::cell::{Cell, Rows};
use crate::column::{Column, Shape};
use crate::path::{Focus, Path};
use crate::view::{Select, Unnest, View};
use fhir::fhirpath::{Item, Node, Scalar};
use fhir::{Refusal, Value};

/// Rows of one resource, at most: selects beside one another multiply.
pub const ROWS_MAX: usize = 100_000;
/// Cells of the rows of one resource, at most: a view may have thousands of columns.
pub const CELLS_MAX: usize = 2_000_000;
/// Items that a `repeat` finds in one resource, at most.
pub const FOCI_MAX: usize = 100_000;
/// Steps that a `repeat` goes down: deeper is no JSON that is taken.
const DEPTH_MAX: usize = 64;

impl View {
    /// Rows of this view, as yet none.
    pub fn rows<'a>(&self) -> Rows<'a> {
        Rows { width: self.root.width, count: 0, cells: Vec::new() }
    }

    /// Appends the rows of a resource. One of another type, and one that does not meet the conditions, has none.
    pub fn run<'a>(&self, resource: Value<'a>, rows: &mut Rows<'a>) -> Result<(), Refusal> {
        if resource.str("resourceType").as_deref() != Some(self.kind.name) {
            return Ok(());
        }
        let node = Node { kind: self.kind, value: Some(resource), extras: None };
        let item = Item::Node(node);
        let focus = Focus { item: &item, index: 0, resource: node };
        for condition in &self.conditions {
            if !holds(condition, focus)? {
                return Ok(());
            }
        }
        let mut whole = std::mem::take(&mut rows.cells);
        let before = whole.len();
        let outcome = self.root.run(focus, &mut whole);
        if outcome.is_err() {
            whole.truncate(before);
        }
        rows.cells = whole;
        rows.count += outcome?;
        Ok(())
    }
}

/// A refusal with its place in the view and the resource that it is about.
fn refusal(at: &str, focus: Focus<'_, '_>, text: &str) -> Refusal {
    let kind = focus.resource.kind.name;
    let id = focus.resource.value.and_then(|value| value.str("id"));
    let what = id.map_or_else(|| format!("a {kind} without id"), |id| format!("{kind}/{id}"));
    Refusal::invalid(at, format!("On {what}: {text}"))
}

fn evaluated<'a>(path: &Path, focus: Focus<'_, 'a>) -> Result<Vec<Item<'a>>, Refusal> {
    path.evaluate(focus).map_err(|text| refusal(path.at(), focus, &text))
}

/// A condition holds when it is true; nothing is not.
fn holds(condition: &Path, focus: Focus<'_, '_>) -> Result<bool, Refusal> {
    let items = evaluated(condition, focus)?;
    match items.as_slice() {
        [] => Ok(false),
        [item] => match item.scalar() {
            Some(Scalar::Boolean(truth)) => Ok(truth),
            _ => {
                Err(refusal(condition.at(), focus, "A condition must be true or false, and this is neither."))
            }
        },
        _ => {
            let text = format!(
                "A condition is one value, and here are {}. Ask with exists() or all().",
                items.len()
            );
            Err(refusal(condition.at(), focus, &text))
        }
    }
}

impl Select {
    /// Appends the cells of its rows; how many rows they are.
    fn run<'a>(&self, focus: Focus<'_, 'a>, out: &mut Vec<Cell<'a>>) -> Result<usize, Refusal> {
        let (foci, or_null) = match &self.each {
            Unnest::Once => return self.on_one(focus, out),
            Unnest::ForEach(path) => (evaluated(path, focus)?, false),
            Unnest::ForEachOrNull(path) => (evaluated(path, focus)?, true),
            Unnest::Repeat(paths) => {
                let mut found = Vec::new();
                repeat(paths, focus, 0, &mut found)?;
                (found, false)
            }
        };
        if foci.is_empty() && or_null {
            let null = |column: &Column| if column.counts { Cell::Integer(0) } else { Cell::Null };
            out.extend(self.columns().iter().map(null));
            return Ok(1);
        }
        let mut count = 0;
        for (index, item) in foci.iter().enumerate() {
            count += self.on_one(Focus { item, index, resource: focus.resource }, out)?;
            few_enough(count, self.width, focus)?;
        }
        Ok(count)
    }

    fn on_one<'a>(&self, focus: Focus<'_, 'a>, out: &mut Vec<Cell<'a>>) -> Result<usize, Refusal> {
        let start = out.len();
        for (column, path) in &self.own {
            out.push(cell(column, path, focus)?);
        }
        let (mut count, mut width) = (1_usize, self.own.len());
        for select in &self.nested {
            let before = out.len();
            let further = select.run(focus, out)?;
            few_enough(count.saturating_mul(further), width + select.width, focus)?;
            // Nearly always one row comes to one row, and stands where it should.
            if (count, further) != (1, 1) {
                let cells = out.split_off(before);
                join(out, start, (count, width), (further, select.width), cells);
            }
            (count, width) = (count * further, width + select.width);
        }
        if let Some(first) = self.union.first() {
            let (mut cells, mut further) = (Vec::new(), 0);
            for select in &self.union {
                further += select.run(focus, &mut cells)?;
            }
            few_enough(count.saturating_mul(further), width + first.width, focus)?;
            join(out, start, (count, width), (further, first.width), cells);
            count *= further;
        }
        Ok(count)
    }
}

fn few_enough(count: usize, width: usize, focus: Focus<'_, '_>) -> Result<(), Refusal> {
    if count <= ROWS_MAX && count.saturating_mul(width) <= CELLS_MAX {
        return Ok(());
    }
    let text = format!(
        "The selects beside one another make more than {ROWS_MAX} rows or {CELLS_MAX} cells. Make views of them."
    );
    Err(refusal("select", focus, &text))
}

/// Joins each row of `out` from `start` on with each of `cells`; `left` and `right` are how many rows of how many
/// cells there are.
fn join<'a>(
    out: &mut Vec<Cell<'a>>,
    start: usize,
    left: (usize, usize),
    right: (usize, usize),
    cells: Vec<Cell<'a>>,
) {
    if left.0 == 1 && right.0 == 1 {
        out.extend(cells);
        return;
    }
    let mut before = out.drain(start..).collect::<Vec<_>>();
    if left.0 == 1 && left.1 == 0 {
        out.extend(cells);
        return;
    }
    for row in 0..left.0 {
        let row = &mut before[row * left.1..][..left.1];
        for further in 0..right.0 {
            out.extend(row.iter().cloned());
            out.extend_from_slice(&cells[further * right.1..][..right.1]);
        }
    }
}

/// All that the paths lead to from an item, and from what they lead to, an item before what is under it.
fn repeat<'a>(
    paths: &[Path],
    focus: Focus<'_, 'a>,
    depth: usize,
    found: &mut Vec<Item<'a>>,
) -> Result<(), Refusal> {
    for path in paths {
        for item in evaluated(path, focus)? {
            if depth >= DEPTH_MAX || found.len() >= FOCI_MAX {
                let text = "This leads on without end. Repeat only paths that go down, such as item.";
                return Err(refusal(path.at(), focus, text));
            }
            found.push(item.clone());
            repeat(paths, Focus { item: &item, ..focus }, depth + 1, found)?;
        }
    }
    Ok(())
}

fn cell<'a>(column: &Column, path: &Path, focus: Focus<'_, 'a>) -> Result<Cell<'a>, Refusal> {
    let items = evaluated(path, focus)?;
    let shaped =
        |shape: Shape, item: &Item<'a>| shape.cell(item).map_err(|text| refusal(&column.at, focus, &text));
    if column.collection {
        let mut list = Vec::with_capacity(items.len());
        for item in &items {
            list.extend(shaped(column.shape, item)?);
        }
        return Ok(Cell::List(list));
    }
    match items.as_slice() {
        [] => Ok(Cell::Null),
        [item] => Ok(shaped(column.shape, item)?.unwrap_or(Cell::Null)),
        _ => {
            let text = format!(
                "The column {} has {} values. Take one, e.g. with first(), or set \"collection\": true.",
                column.name,
                items.len()
            );
            Err(refusal(&column.at, focus, &text))
        }
    }
}
