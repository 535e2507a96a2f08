//! A ViewDefinition read and checked: all its faults at once, each with its place.

use crate::column::{Column, Shape};
use crate::constant;
use crate::path::{Constants, Path};
use crate::view::{Select, Unnest, View};
use fhir::definitions::{TypeDef, is_resource, type_def};
use fhir::json::Kind;
use fhir::{Issue, Refusal, Value};
use std::borrow::Cow;

/// The version of FHIR that the resources are of.
const VERSION: &str = "4.0";
/// What any element may have.
const ANYWHERE: &[&str] = &["id", "extension", "modifierExtension", "description"];

impl View {
    /// Reads a ViewDefinition (SQL on FHIR 2, StructureDefinition-ViewDefinition) and parses its expressions.
    pub fn parse(definition: Value<'_>) -> Result<View, Refusal> {
        let mut reading = Reading { issues: Vec::new(), constants: Constants::default() };
        let view = reading.view(definition);
        match view {
            Some(view) if reading.issues.is_empty() => Ok(view),
            _ => Err(Refusal::many(fhir::Kind::Invalid, reading.issues)),
        }
    }
}

struct Reading {
    issues: Vec<Issue>,
    constants: Constants,
}

impl Reading {
    fn fault(&mut self, code: &'static str, at: &str, text: impl Into<String>) {
        self.issues.push(Issue::new(code, at, text));
    }

    fn view(&mut self, view: Value<'_>) -> Option<View> {
        if let Some(other) = view.str("resourceType").filter(|name| name != "ViewDefinition") {
            self.fault(
                "value",
                "resourceType",
                format!("A ViewDefinition is expected, and this is a {other}."),
            );
            return None;
        }
        let kind = self.resource(view);
        self.version(view);
        let name = view.str("name").map(Cow::into_owned);
        if let Some(name) = &name {
            self.name(name, "name");
        }
        for (i, constant) in each(view, "constant").enumerate() {
            self.constant(constant, &format!("constant[{i}]"));
        }
        let conditions = each(view, "where").enumerate().filter_map(|(i, condition)| {
            let at = format!("where[{i}]");
            self.known(condition, &at, &["path"]);
            self.path(condition, "path", &at, kind)
        });
        let conditions = conditions.collect();
        if each(view, "select").next().is_none() {
            self.fault("required", "select", "A view needs at least one select with columns.");
        }
        let nested = self.selects(view, "select", "", kind);
        let width = nested.iter().map(|select| select.width).sum();
        let root = Select { nested, width, ..Select::default() };
        let columns = root.columns();
        self.same_names(&columns);
        Some(View { name, kind: kind?, columns, conditions, root })
    }

    fn resource(&mut self, view: Value<'_>) -> Option<&'static TypeDef> {
        let text = "Say which resources the view is of, e.g. \"resource\": \"Patient\".";
        match view.str("resource") {
            Some(name) if is_resource(&name) => type_def(&name),
            Some(name) => {
                self.fault("value", "resource", format!("{name} is no resource type of R4. {text}"));
                None
            }
            None => {
                self.fault("required", "resource", text);
                None
            }
        }
    }

    fn version(&mut self, view: Value<'_>) {
        let versions: Vec<_> = each(view, "fhirVersion").filter_map(Value::as_str).collect();
        if !versions.is_empty() && !versions.iter().any(|version| version.starts_with(VERSION)) {
            let text =
                format!("The view is for FHIR {}, and the resources are R4 (4.0.1).", versions.join(", "));
            self.fault("not-supported", "fhirVersion", text);
        }
    }

    fn constant(&mut self, constant: Value<'_>, at: &str) {
        let Some(name) = constant.str("name") else {
            return self.fault("required", &format!("{at}.name"), "A constant needs a name.");
        };
        self.name(&name, &format!("{at}.name"));
        if self.constants.has(&name) {
            self.fault("duplicate", &format!("{at}.name"), format!("There is another constant {name}."));
        }
        let mut values = constant.members().filter(|(member, _)| member.starts_with("value"));
        let (value, more) = (values.next(), values.next());
        match (value, more) {
            (Some((member, value)), None) => match constant::scalar(&member["value".len()..], value) {
                Ok(scalar) => self.constants.add(&name, scalar),
                Err(text) => self.fault("value", &format!("{at}.{member}"), text),
            },
            _ => self.fault("required", at, "A constant has one value, e.g. valueString."),
        }
    }

    fn selects(
        &mut self,
        parent: Value<'_>,
        member: &str,
        at: &str,
        kind: Option<&'static TypeDef>,
    ) -> Vec<Select> {
        let dot = if at.is_empty() { "" } else { "." };
        let selects = each(parent, member).enumerate();
        selects.map(|(i, select)| self.select(select, &format!("{at}{dot}{member}[{i}]"), kind)).collect()
    }

    fn select(&mut self, select: Value<'_>, at: &str, kind: Option<&'static TypeDef>) -> Select {
        const MEMBERS: &[&str] = &["column", "select", "unionAll", "forEach", "forEachOrNull", "repeat"];
        self.known(select, at, MEMBERS);
        let (each_item, kind) = self.stands_on(select, at, kind);
        let columns = each(select, "column").enumerate();
        let own: Vec<_> = columns
            .filter_map(|(i, column)| self.column(column, &format!("{at}.column[{i}]"), kind))
            .collect();
        let nested = self.selects(select, "select", at, kind);
        let union = self.selects(select, "unionAll", at, kind);
        self.same_columns(&union, at);
        if each(select, "column").next().is_none() && nested.is_empty() && union.is_empty() {
            self.fault(
                "required",
                at,
                "A select needs columns: its own, or those of a select or unionAll in it.",
            );
        }
        let inner: usize = nested.iter().map(|select| select.width).sum();
        let width = own.len() + inner + union.first().map_or(0, |first| first.width);
        Select { each: each_item, own, nested, union, width }
    }

    /// What a select stands on, and the type of that where it is known.
    fn stands_on(
        &mut self,
        select: Value<'_>,
        at: &str,
        kind: Option<&'static TypeDef>,
    ) -> (Unnest, Option<&'static TypeDef>) {
        let ways = ["forEach", "forEachOrNull", "repeat"];
        let mut given = ways.into_iter().filter(|way| select.get(way).is_some());
        let way = given.next();
        if let Some(other) = given.next() {
            let text = format!(
                "{} and {other} exclude each other. Nest one select in another.",
                way.unwrap_or_default()
            );
            self.fault("invariant", at, text);
        }
        match way {
            Some("repeat") => {
                let paths: Vec<Path> = each(select, "repeat")
                    .enumerate()
                    .filter_map(|(i, path)| {
                        // Later steps stand on what the earlier gave, so that no type is sure.
                        self.expression(path, &format!("{at}.repeat[{i}]"), None)
                    })
                    .collect();
                (Unnest::Repeat(paths), None)
            }
            Some(way) => {
                let Some(path) = self.path(select, way, at, kind) else { return (Unnest::Once, None) };
                let kind = path.kind();
                (if way == "forEach" { Unnest::ForEach(path) } else { Unnest::ForEachOrNull(path) }, kind)
            }
            None => (Unnest::Once, kind),
        }
    }

    fn column(
        &mut self,
        column: Value<'_>,
        at: &str,
        kind: Option<&'static TypeDef>,
    ) -> Option<(Column, Path)> {
        self.known(column, at, &["path", "name", "type", "collection", "tag"]);
        let name = column.str("name");
        match &name {
            Some(name) => self.name(name, &format!("{at}.name")),
            None => self.fault("required", &format!("{at}.name"), "A column needs a name."),
        }
        let path = self.path(column, "path", at, kind);
        let collection = match column.get("collection").map(|value| value.as_bool()) {
            None => false,
            Some(Some(collection)) => collection,
            Some(None) => {
                self.fault("value", &format!("{at}.collection"), "This must be true or false.");
                false
            }
        };
        let shape = match column.str("type") {
            Some(name) => Shape::named(&name).or_else(|| {
                self.fault("value", &format!("{at}.type"), format!("{name} is no type of R4."));
                None
            }),
            None => path.as_ref().map(|path| path.kind().map_or(Shape::Open, Shape::of)),
        };
        let (name, path) = (name?.into_owned(), path?);
        let counts = path.text().trim() == "%rowIndex";
        Some((Column { name, shape: shape?, collection, at: format!("{at}.path"), counts }, path))
    }

    fn path(
        &mut self,
        parent: Value<'_>,
        member: &str,
        at: &str,
        kind: Option<&'static TypeDef>,
    ) -> Option<Path> {
        let place = format!("{at}.{member}");
        match parent.get(member) {
            Some(text) => self.expression(text, &place, kind),
            None => {
                self.fault("required", &place, "A FHIRPath expression is needed.");
                None
            }
        }
    }

    fn expression(&mut self, text: Value<'_>, at: &str, kind: Option<&'static TypeDef>) -> Option<Path> {
        let Some(text) = text.as_str() else {
            self.fault("value", at, "A FHIRPath expression is needed, as a string.");
            return None;
        };
        match Path::parse(&text, at, kind, &self.constants) {
            Ok(path) => Some(path),
            Err(text) => {
                self.fault("invalid", at, text);
                None
            }
        }
    }

    /// Refuses members that would otherwise be passed over in silence, as `foreach` would.
    fn known(&mut self, value: Value<'_>, at: &str, members: &[&str]) {
        if value.kind() != Kind::Object {
            return self.fault("structure", at, "An object is expected.");
        }
        for (name, _) in value.members() {
            let known = members.contains(&&*name) || ANYWHERE.contains(&&*name) || name.starts_with('_');
            if !known {
                let text = format!("{name} is not known here. Use {}.", members.join(", "));
                self.fault("structure", &format!("{at}.{name}"), text);
            }
        }
    }

    /// Names are good for tables and columns of any database (the invariant `sql-name`).
    fn name(&mut self, name: &str, at: &str) {
        let good = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !good {
            let text = format!("{name:?} is no name. Use letters, digits and underscores, a letter first.");
            self.fault("value", at, text);
        }
    }

    fn same_names(&mut self, columns: &[Column]) {
        for (i, column) in columns.iter().enumerate() {
            if columns[..i].iter().any(|other| other.name == column.name) {
                let text = format!("There is another column {}. Give each a name of its own.", column.name);
                self.fault("duplicate", &column.at, text);
            }
        }
    }

    fn same_columns(&mut self, union: &[Select], at: &str) {
        let Some(first) = union.first() else { return };
        let first = first.columns();
        let names = |columns: &[Column]| {
            columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        for (i, select) in union.iter().enumerate().skip(1) {
            let columns = select.columns();
            let at = format!("{at}.unionAll[{i}]");
            if columns.len() != first.len() || first.iter().zip(&columns).any(|(a, b)| a.name != b.name) {
                let text = format!(
                    "Its columns are {}, and those of the first are {}. All of a unionAll have the same, in one order.",
                    names(&columns),
                    names(&first)
                );
                self.fault("invariant", &at, text);
                continue;
            }
            for (one, other) in first.iter().zip(&columns) {
                let alike = one.shape == other.shape && one.collection == other.collection;
                if !alike && one.shape != Shape::Open && other.shape != Shape::Open {
                    let text = format!(
                        "The column {} is of another type here than in the first select of the unionAll.",
                        other.name
                    );
                    self.fault("invariant", &other.at, text);
                }
            }
        }
    }
}

impl Select {
    /// All its columns in their order: its own, those of nested selects, those of its union.
    pub fn columns(&self) -> Vec<Column> {
        let mut columns: Vec<Column> = self.own.iter().map(|(column, _)| column.clone()).collect();
        columns.extend(self.nested.iter().chain(self.union.first()).flat_map(Select::columns));
        columns
    }
}

/// The items of a member, which may also stand alone.
fn each<'v>(value: Value<'v>, member: &str) -> impl Iterator<Item = Value<'v>> {
    value.get(member).into_iter().flat_map(Value::each)
}
