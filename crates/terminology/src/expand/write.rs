//! An expansion as a ValueSet. What R4 has no element for stands in the extensions that HL7 publishes for elements of
//! R5 (properties of a code).

use super::items::Item;
use super::wish::Wish;
use crate::compile::label;
use crate::grammar::Grammar;
use crate::language::{Name, coding};
use crate::set::{Place, Set};
use crate::system::{Concept, Meaning};
use fhir::json::Value;
use fhir::{Instant, Tree};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::HashMap;

const OF_CODE: &str =
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-ValueSet.expansion.contains.property";
const OF_EXPANSION: &str =
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-ValueSet.expansion.property";
const MEANINGS: &str = "http://hl7.org/fhir/concept-properties#";
/// Properties that are always given where a code has them, and what they mean.
const ALWAYS: &[(&str, &str)] =
    &[("order", "order"), ("label", "label"), ("weight", "itemWeight"), ("status", "status")];
/// Members of a value set that its expansion does not repeat.
const NOT_REPEATED: &[&str] = &["text", "expansion", "meta"];
/// Members that its expansion repeats when they are asked for (includeDefinition).
const OF_DEFINITION: &[&str] = &["compose", "contained", "description", "purpose"];

/// The answer.
pub(super) fn value_set(set: &Set, wish: &Wish, page: &[Item<'_>], total: usize, now: Instant) -> Tree {
    let mut tree = Tree::object();
    for (name, value) in set.resource.root().members() {
        let definition = OF_DEFINITION.contains(&&*name) && !wish.definition;
        if !definition && !NOT_REPEATED.contains(&&*name) {
            tree.set(&name, Tree::from(value));
        }
    }
    if tree.get("status").is_none() {
        tree.set("status", "unknown");
    }
    let mut writer = Writer { wish, properties: Vec::new() };
    let contains = match (wish.nested(), hierarchy(set)) {
        (true, true) => writer.nested(page),
        _ => page.iter().map(|item| writer.contains(item)).collect(),
    };
    let parameters = parameters(set, wish);
    let mut expansion = Tree::object();
    let mut extensions = Vec::new();
    let endless = set.endless();
    if let Some((named, common)) = endless {
        let common = common.and_then(|common| common.url.as_deref()).unwrap_or_default();
        let why = format!(
            "The code System '{}' has a grammar and so has infinite members. This extension is based on {common}",
            named.url
        );
        let url = |name: &str| format!("http://hl7.org/fhir/StructureDefinition/{name}");
        extensions.push(Tree::object().with("url", url("valueset-unclosed")).with("valueBoolean", true));
        extensions.push(Tree::object().with("url", url("valueset-unclosed-reason")).with("valueString", why));
    }
    if !writer.properties.is_empty() {
        let declared = writer.properties.iter().map(|(code, uri)| {
            let uri = uri.as_deref().map(|uri| Tree::object().with("url", "uri").with("valueUri", uri));
            let code = Tree::object().with("url", "code").with("valueCode", code.as_str());
            let parts: Vec<Tree> = std::iter::once(code).chain(uri).collect();
            Tree::object().with("url", OF_EXPANSION).with("extension", parts)
        });
        extensions.extend(declared);
    }
    if !extensions.is_empty() {
        expansion.set("extension", extensions);
    }
    expansion.set("identifier", identifier(set, &parameters));
    expansion.set("timestamp", now.to_string());
    if endless.is_none() {
        expansion.set("total", total as i64);
    }
    if wish.paged() {
        expansion.set("offset", wish.offset.unwrap_or(0) as i64);
    }
    expansion.set("parameter", parameters);
    if !contains.is_empty() {
        expansion.set("contains", contains);
    }
    tree.with("expansion", expansion)
}

/// Whether the codes stand in the hierarchy of one system, of which nothing was taken out.
fn hierarchy(set: &Set) -> bool {
    match &set.include[..] {
        _ if !set.exclude.is_empty() => false,
        [clause] => match &clause.system {
            Some(named) => clause.concepts.is_none() && matches!(named.place, Place::System(_)),
            None => match &clause.sets[..] {
                [one] => hierarchy(one),
                _ => false,
            },
        },
        _ => false,
    }
}

fn parameters(set: &Set, wish: &Wish) -> Vec<Tree> {
    let mut all = wish.echo.clone();
    let mut add = |name: &str, value: &str| {
        let one = Tree::object().with("name", name).with("valueUri", value);
        if !all.contains(&one) {
            all.push(one);
        }
    };
    for named in set.systems() {
        match &named.place {
            Place::System(system) => add("used-codesystem", &label(&**system)),
            Place::Grammar(Grammar { url, version: Some(version), .. }) => {
                add("used-codesystem", &format!("{url}|{version}"));
            }
            _ => add("used-codesystem", &named.url),
        }
    }
    used(set, &mut add);
    all
}

fn used(set: &Set, add: &mut impl FnMut(&str, &str)) {
    set.supplements.iter().for_each(|one| add("used-supplement", one));
    for one in set.include.iter().chain(&set.exclude).flat_map(|clause| &clause.sets) {
        // A contained one has no name outside.
        let contained = set.resource.root().get("contained").into_iter().flat_map(Value::items);
        let own = contained.filter_map(|own| own.str("url")).any(|url| Some(&*url) == one.url.as_deref());
        if one.url.is_some() && !own {
            add("used-valueset", &one.label());
        }
        used(one, add);
    }
}

/// The same for the same value set, parameters and versions of code systems (ValueSet.expansion.identifier).
fn identifier(set: &Set, parameters: &[Tree]) -> String {
    let mut hash = Sha256::new();
    hash.update(set.resource.text());
    parameters.iter().for_each(|one| hash.update(one.text()));
    let mut bytes: [u8; 16] = hash.finalize()[..16].try_into().expect("a SHA-256 has 32 bytes");
    // A UUID of version 8: made by a rule of our own (RFC 9562, section 5.8).
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

struct Writer<'w> {
    wish: &'w Wish,
    /// Code and meaning of the properties that were given.
    properties: Vec<(String, Option<String>)>,
}

impl Writer<'_> {
    /// Codes within the next one above them that is there too and stands before them.
    fn nested(&mut self, page: &[Item<'_>]) -> Vec<Tree> {
        let places: HashMap<Concept, usize> =
            page.iter().enumerate().filter_map(|(place, item)| Some((item.concept?, place))).collect();
        let mut within: Vec<Vec<usize>> = vec![Vec::new(); page.len()];
        let mut tops = Vec::new();
        for (place, item) in page.iter().enumerate() {
            let above = item.known().and_then(|(system, concept)| {
                let parents = system.parents(concept);
                parents.iter().filter_map(|parent| places.get(parent)).find(|above| **above < place).copied()
            });
            match above {
                Some(above) => within[above].push(place),
                None => tops.push(place),
            }
        }
        // Those that stand within others come later, so each is ready when the one around it is made.
        let mut made: Vec<Option<Tree>> = vec![None; page.len()];
        for place in (0..page.len()).rev() {
            let mut tree = self.contains(&page[place]);
            let inner: Vec<Tree> = within[place].iter().filter_map(|inner| made[*inner].take()).collect();
            if !inner.is_empty() {
                tree.set("contains", inner);
            }
            made[place] = Some(tree);
        }
        tops.into_iter().filter_map(|top| made[top].take()).collect()
    }

    fn contains(&mut self, item: &Item<'_>) -> Tree {
        let mut extensions = self.extensions(item);
        for (code, meaning) in self.of(item) {
            let (kind, value) = said(&meaning);
            let parts = vec![
                Tree::object().with("url", "code").with("valueCode", code.as_str()),
                Tree::object().with("url", "value").with(kind, value),
            ];
            extensions.push(Tree::object().with("url", OF_CODE).with("extension", parts));
        }
        let mut tree = Tree::object();
        if !extensions.is_empty() {
            tree.set("extension", extensions);
        }
        tree.set("system", item.named.url.as_str());
        if let Some((system, concept)) = item.known() {
            if system.is_abstract(concept) {
                tree.set("abstract", true);
            }
            if !system.is_active(concept) {
                tree.set("inactive", true);
            }
        }
        tree = tree.maybe("version", item.named.version.as_deref());
        tree.set("code", &*item.code());
        let names = item.names();
        let shown = self.wish.languages.pick(&names);
        tree = tree.maybe("display", shown.map(|place| &*names[place].value));
        let others =
            names.iter().enumerate().filter(|(place, _)| Some(*place) != shown).map(|(_, name)| name);
        let others: Vec<Tree> = others.filter(|name| self.wish.wants(name)).map(Name::tree).collect();
        if !others.is_empty() {
            tree.set("designation", others);
        }
        tree
    }

    fn extensions(&self, item: &Item<'_>) -> Vec<Tree> {
        let mut all = item.known().map(|(system, concept)| system.extensions(concept)).unwrap_or_default();
        for own in item.stated.into_iter().flat_map(|stated| &stated.extensions) {
            all.retain(|other| other.get("url") != own.get("url"));
            all.push(own.clone());
        }
        all
    }

    /// The properties to give of a code.
    fn of<'s>(&mut self, item: &Item<'s>) -> Vec<(String, Meaning<'s>)> {
        let mut all: Vec<(String, Meaning<'s>)> = Vec::new();
        let wanted = |code: &str| {
            ALWAYS.iter().any(|(always, _)| *always == code)
                || self.wish.properties.iter().any(|one| one == code)
        };
        let stated = item.stated.into_iter().flat_map(|stated| &stated.properties);
        all.extend(stated.map(|(code, meaning)| ((*code).to_owned(), meaning.clone())));
        let mut declared = Vec::new();
        if let Some((system, concept)) = item.known() {
            if self.wish.properties.iter().any(|one| one == "definition") {
                let definition = system.definition(concept);
                all.extend(definition.map(|text| ("definition".to_owned(), Meaning::Text(text))));
            }
            let own = all.len();
            for (code, meaning) in system.properties(concept) {
                let active =
                    code == "status" && matches!(&meaning, Meaning::Code(status) if status == "active");
                if wanted(&code) && !active && !all[..own].iter().any(|(before, _)| *before == code) {
                    all.push((code.into_owned(), meaning));
                }
            }
            for (name, concepts) in [("parent", system.parents(concept)), ("child", system.children(concept))]
            {
                if self.wish.properties.iter().any(|one| one == name) {
                    let codes = concepts.into_iter().map(|other| Meaning::Code(system.code(other)));
                    all.extend(codes.map(|code| (name.to_owned(), code)));
                }
            }
            declared = all.iter().map(|(code, _)| system.property_uri(code).map(Cow::into_owned)).collect();
        }
        for (place, (code, _)) in all.iter().enumerate() {
            if !self.properties.iter().any(|(known, _)| known == code) {
                let always = ALWAYS.iter().find(|(always, _)| always == code).map(|(_, meaning)| *meaning);
                let usual =
                    always.or(matches!(code.as_str(), "definition" | "parent" | "child").then_some(code));
                let usual = usual.map(|usual| format!("{MEANINGS}{usual}"));
                let uri = declared.get(place).cloned().flatten().or(usual);
                self.properties.push((code.clone(), uri));
            }
        }
        all
    }
}

/// The name of the `value[x]` of a property, and the value.
pub(crate) fn said(meaning: &Meaning<'_>) -> (&'static str, Tree) {
    match meaning {
        Meaning::Code(code) => ("valueCode", Tree::from(&**code)),
        Meaning::Text(text) => ("valueString", Tree::from(&**text)),
        Meaning::Integer(number) => ("valueInteger", Tree::from(*number)),
        Meaning::Boolean(is) => ("valueBoolean", Tree::from(*is)),
        Meaning::DateTime(instant) => ("valueDateTime", Tree::from(&**instant)),
        Meaning::Decimal(digits) => ("valueDecimal", Tree::Number(digits.to_string())),
        Meaning::Coding { system, code, display } => {
            ("valueCoding", coding(system, code, display.as_deref()))
        }
    }
}
