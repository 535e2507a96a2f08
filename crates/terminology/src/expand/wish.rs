//! How an expansion is wanted.

use crate::inputs::Inputs;
use crate::issue::Refused;
use crate::language::{Languages, Name};
use crate::set::Set;
use fhir::Tree;

/// The parameters of `$expand`.
pub(super) struct Wish {
    pub filter: Option<String>,
    pub offset: Option<usize>,
    pub count: Option<usize>,
    pub active_only: bool,
    exclude_nested: bool,
    pub designations: bool,
    /// Of which designations: `system|code` of their use, or `urn:ietf:bcp:47|` and a language.
    which: Vec<String>,
    pub definition: bool,
    pub properties: Vec<String>,
    pub languages: Languages,
    /// Parameters as they are repeated in the answer.
    pub echo: Vec<Tree>,
}

/// Parameters that are repeated, and the type of their values.
const REPEATED: &[(&str, &str)] = &[
    ("activeOnly", "valueBoolean"),
    ("count", "valueInteger"),
    ("designation", "valueString"),
    ("excludeNested", "valueBoolean"),
    ("filter", "valueString"),
    ("includeDefinition", "valueBoolean"),
    ("includeDesignations", "valueBoolean"),
    ("offset", "valueInteger"),
    ("system-version", "valueUri"),
    ("check-system-version", "valueUri"),
    ("force-system-version", "valueUri"),
];

impl Wish {
    pub fn new(inputs: Inputs<'_>, set: &Set, languages: Option<&str>) -> Result<Wish, Refused> {
        let said = inputs.text("displayLanguage");
        let said = said.or_else(|| languages.map(str::to_owned)).or_else(|| set.language.clone());
        let languages = Languages::parse(&said.unwrap_or_default());
        let flag = |name: &str| Ok::<bool, Refused>(inputs.flag(name)?.unwrap_or(false));
        let mut echo = Vec::new();
        for (name, kind) in REPEATED {
            for text in inputs.texts(name) {
                let value = match *kind {
                    "valueBoolean" => Tree::Bool(text == "true"),
                    "valueInteger" => Tree::Number(text),
                    _ => Tree::String(text),
                };
                echo.push(Tree::object().with("name", *name).with(kind, value));
            }
        }
        if languages.any() {
            let code = languages.said.as_str();
            echo.push(Tree::object().with("name", "displayLanguage").with("valueCode", code));
        }
        Ok(Wish {
            filter: inputs.text("filter").filter(|text| !text.trim().is_empty()),
            offset: inputs.count("offset")?,
            count: inputs.count("count")?,
            active_only: flag("activeOnly")?,
            exclude_nested: flag("excludeNested")?,
            designations: flag("includeDesignations")? || inputs.text("designation").is_some(),
            which: inputs.texts("designation"),
            definition: flag("includeDefinition")?,
            properties: inputs.texts("property"),
            languages,
            echo,
        })
    }

    /// Whether a page is wanted. Pages are flat.
    pub fn paged(&self) -> bool {
        self.offset.is_some() || self.count.is_some()
    }

    /// Whether codes stand within those above them.
    pub fn nested(&self) -> bool {
        !self.exclude_nested && !self.paged() && self.filter.is_none()
    }

    /// Whether a designation is wanted.
    pub fn wants(&self, name: &Name<'_>) -> bool {
        let of = |which: &String| match which.split_once('|') {
            Some(("urn:ietf:bcp:47", language)) => {
                name.language.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(language))
            }
            Some((system, code)) => name.usage.as_ref().is_some_and(|(s, c)| *s == system && *c == code),
            None => false,
        };
        self.designations && (self.which.is_empty() || self.which.iter().any(of))
    }
}
