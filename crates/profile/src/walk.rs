//! The walk through a resource: once over all of it with R4's own rules, and for each profile over what that has
//! something to say of.

use crate::extension::Owner;
use crate::node::{Node, Profile};
use crate::outside::{Standing, Surroundings};
use crate::spot::{Spot, kind_of, spots};
use crate::{Options, Profiles, Report};
use fhir::definitions::{Element, TypeDef, TypeKind, type_def};
use fhir::json::Kind;
use fhir::validate::place::Place;
use fhir::{Issue, Value, fhirpath};
use std::collections::HashMap;

/// Issues that a report lists.
const ISSUES_MAX: usize = 200;
/// Profiles that a resource may name in its `meta.profile`.
const PROFILES_MAX: usize = 64;
/// Profiles that may be looked at inside one another.
pub const INSIDE_MAX: usize = 24;

/// Validates a sound resource.
pub fn validate(profiles: &Profiles, resource: Value<'_>, asked: &[&str], options: &Options<'_>) -> Report {
    let Some(node) = fhirpath::Node::resource(resource) else { return Report::default() };
    let mut walk = Walk::begin(profiles, options, node);
    let place = Place::root(node.kind.name);
    walk.resource(resource, Standing::Alone, &place);
    for url in asked {
        walk.against(url, node, &place, Wanted::Asked);
    }
    let mut issues: Vec<Issue> = Vec::new();
    for issue in walk.issues {
        if !issues.contains(&issue) {
            issues.push(issue);
        }
    }
    if issues.len() > ISSUES_MAX {
        // Errors before warnings, so that the cut hides none.
        issues.sort_by_key(|issue| issue.warning);
        issues.truncate(ISSUES_MAX);
        let text = format!("There are more issues. The first {ISSUES_MAX} are listed.");
        let warning = issues.iter().all(|issue| issue.warning);
        issues.push(Issue { warning, ..Issue::new("too-costly", "", text) });
    }
    Report { issues }
}

pub struct Walk<'w, 'v> {
    pub profiles: &'w Profiles,
    pub options: &'w Options<'w>,
    pub issues: Vec<Issue>,
    pub around: Surroundings<'v>,
    /// The profiles that are looked at (`url|version`), and where each began, so that what refers to itself comes
    /// to an end.
    pub inside: Vec<(String, (usize, usize))>,
    /// Which parts meet which profiles, as far as it was asked.
    met: HashMap<(String, (usize, usize)), bool>,
    /// In how many other walks it is.
    pub depth: usize,
}

/// Why a profile is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// The caller named it.
    Asked,
    /// `meta.profile` names it.
    Claimed,
}

impl<'w, 'v> Walk<'w, 'v> {
    /// At a resource that stands alone.
    pub fn begin(profiles: &'w Profiles, options: &'w Options<'w>, node: fhirpath::Node<'v>) -> Walk<'w, 'v> {
        let mut around = Surroundings::new(node);
        around.enter(node, Standing::Alone);
        Walk {
            profiles,
            options,
            issues: Vec::new(),
            around,
            inside: Vec::new(),
            met: HashMap::new(),
            depth: 0,
        }
    }

    /// An error at a place.
    pub fn fault(&mut self, code: &'static str, place: &Place<'_>, text: impl Into<String>) {
        self.tell(Issue::new(code, place.to_string(), text));
    }

    /// A warning at a place.
    pub fn warn(&mut self, code: &'static str, place: &Place<'_>, text: impl Into<String>) {
        self.tell(Issue { warning: true, ..Issue::new(code, place.to_string(), text) });
    }

    /// Lists an issue, with the profile whose rule it is. What R4 itself says already is not said again.
    fn tell(&mut self, mut issue: Issue) {
        // Some more than are listed, so that it is known that there are more.
        if self.issues.len() > ISSUES_MAX * 4 || self.issues.contains(&issue) {
            return;
        }
        if let Some((profile, _)) = self.inside.last() {
            issue.text.push_str(&format!(" The profile {profile} says so."));
        }
        self.issues.push(issue);
    }

    /// A resource, with R4's own rules and the profiles that it says it meets.
    pub fn resource(&mut self, resource: Value<'v>, standing: Standing, place: &Place<'_>) {
        let Some(node) = fhirpath::Node::resource(resource) else { return };
        let before = self.around.enter(node, standing);
        if let Some(own) = self.profiles.own_of(node.kind).cloned() {
            self.rules(&own.root, &outermost(node), place);
            let owner = Owner { kind: node.kind, of: None, value: resource };
            self.object(Some(&own.root), &own, node.kind, &owner, place);
        }
        match node.kind.name {
            "Bundle" => self.bundle(resource, place),
            "QuestionnaireResponse" => self.questionnaire_response(resource, place),
            "CapabilityStatement" => self.capability_statement(resource, place),
            "SearchParameter" => self.search_parameter(resource, place),
            "StructureDefinition" => self.structure_definition(resource, place),
            _ => {}
        }
        let claimed = resource.at(&["meta", "profile"]).into_iter().flat_map(Value::items);
        for url in claimed.take(PROFILES_MAX).filter_map(Value::as_str) {
            self.against(&url, node, place, Wanted::Claimed);
        }
        self.around.leave(before);
    }

    /// A resource against a profile.
    fn against(&mut self, url: &str, node: fhirpath::Node<'v>, place: &Place<'_>, wanted: Wanted) {
        match (self.profiles.compiled(url), wanted) {
            (Some(Ok(profile)), _) => self.profile(&profile, &outermost(node), place),
            (Some(Err(e)), Wanted::Asked) => self.fault("exception", place, e.0),
            (Some(Err(e)), Wanted::Claimed) => self.warn("exception", place, e.0),
            (None, Wanted::Asked) => {
                let text = "The profile that was asked for is not here. Add the package that has it.";
                self.fault("not-found", place, text);
            }
            (None, Wanted::Claimed) => {
                let text =
                    "A profile that meta.profile names is not here, so it was not checked. Add its package.";
                self.warn("not-found", place, text);
            }
        }
    }

    /// The members of an object with R4's own rules.
    fn object(
        &mut self,
        node: Option<&Node>,
        own: &Profile,
        def: &'static TypeDef,
        owner: &Owner<'v>,
        place: &Place<'_>,
    ) {
        let mut next = 0;
        for (name, member) in owner.value.members() {
            let (plain, is_sibling) = name.strip_prefix('_').map_or((&*name, false), |plain| (plain, true));
            let Some(at) = find(def, plain, next) else { continue };
            let element = &def.elements[at];
            next = at + usize::from(!is_sibling);
            let rules = node.and_then(|node| node.children.iter().find(|child| child.group == element.group));
            let here = place.element(element.path);
            let is_array = member.kind() == Kind::Array;
            for (index, item) in member.each().enumerate().filter(|(_, item)| item.kind() != Kind::Null) {
                let here = if is_array { here.at(index) } else { here };
                let index = is_array.then_some(index);
                let kind = kind_of(element.type_def(), item);
                if is_sibling {
                    // What a primitive has besides its value: an id and extensions.
                    let inside = Owner { kind, of: Some((def, element.path)), value: item };
                    self.object(None, own, abstract_element(), &inside, &here);
                } else {
                    let spot = Spot { element, kind, value: Some(item), extras: None, index };
                    self.item(rules, own, &spot, owner, &here);
                }
            }
        }
    }

    fn item(
        &mut self,
        rules: Option<&Node>,
        own: &Profile,
        spot: &Spot<'v>,
        owner: &Owner<'v>,
        place: &Place<'_>,
    ) {
        if let Some(rules) = rules {
            self.rules(rules, spot, place);
        }
        let Some(value) = spot.value else { return };
        match spot.kind.kind {
            TypeKind::Primitive => return self.canonical_target(spot, place),
            TypeKind::Resource => return self.resource(value, standing(spot), place),
            TypeKind::Complex => {}
        }
        let def = spot.element.type_def();
        let inner = Owner { kind: def, of: Some((owner.kind, spot.element.path)), value };
        if def.name.contains('.') {
            let inside = rules.map(|rules| like(rules, own));
            return self.object(inside, own, def, &inner, place);
        }
        if let Some(own) = self.profiles.own(usize::from(spot.element.type_number)).cloned() {
            self.rules(&own.root, spot, place);
            self.object(Some(&own.root), &own, def, &inner, place);
        }
        match def.name {
            "Extension" => self.extension(spot, owner, place),
            "Coding" => self.coding(value, place),
            "Reference" => self.contained(value, place),
            "Attachment" => self.attachment(value, place),
            _ => {}
        }
        if let Some(rules) = rules {
            self.profiles_of_type(rules, spot, place);
        }
    }

    /// An item against a profile: what the profile says of it, and of what is in it.
    pub fn profile(&mut self, profile: &Profile, spot: &Spot<'v>, place: &Place<'_>) {
        let Some(value) = spot.value else { return };
        let key = (profile.definition.canonical(), value.span());
        if self.inside.len() >= INSIDE_MAX || self.inside.contains(&key) {
            return;
        }
        if !is_of(spot.kind, profile.kind) {
            let text = format!("The profile {} is for {}.", profile.definition.url, profile.kind.name);
            return self.fault("structure", place, text);
        }
        self.inside.push(key);
        self.rules(&profile.root, spot, place);
        self.layer(profile, &profile.root, spot.kind, value, place);
        self.inside.pop();
    }

    /// What a profile says of the elements in an object.
    pub fn layer(
        &mut self,
        profile: &Profile,
        node: &Node,
        def: &'static TypeDef,
        value: Value<'v>,
        place: &Place<'_>,
    ) {
        for child in &node.children {
            let found = spots(value, def, child.group);
            self.sliced(profile, child, &found, place);
        }
    }

    /// One item of an element, by what a profile says of it.
    pub fn layered(&mut self, profile: &Profile, node: &Node, spot: &Spot<'v>, place: &Place<'_>) {
        if !self.is_allowed_type(node, spot, place) {
            return;
        }
        self.rules(node, spot, place);
        let inside = like(node, profile);
        match (spot.kind.kind, spot.value, spot.extras) {
            (TypeKind::Primitive, _, Some(extras)) => {
                self.layer(profile, inside, abstract_element(), extras, place)
            }
            (TypeKind::Primitive, _, None) => {
                let missing = inside.children.iter().filter(|child| child.min > 0);
                missing.for_each(|child| self.missing(child, place));
            }
            (TypeKind::Resource, Some(value), _) => {
                let before = self.around.enter(spot.node(), standing(spot));
                self.layer(profile, inside, spot.kind, value, place);
                self.around.leave(before);
            }
            (_, Some(value), _) => self.layer(profile, inside, spot.kind, value, place),
            _ => {}
        }
        self.profiles_of_type(node, spot, place);
    }

    fn is_allowed_type(&mut self, node: &Node, spot: &Spot<'v>, place: &Place<'_>) -> bool {
        let is_it = |code: &str| type_def(code).is_none_or(|def| is_of(spot.kind, def));
        let backbone = spot.kind.name.contains('.');
        if node.types.is_empty() || backbone || node.types.iter().any(|of| is_it(&of.code)) {
            return true;
        }
        let names: Vec<&str> = node.types.iter().map(|of| of.code.as_str()).collect();
        let text =
            format!("{} must be of the type {}, not {}.", node.label, names.join(" or "), spot.kind.name);
        self.fault("structure", place, text);
        false
    }

    /// The profiles that the type of an element names: the value must meet one of them.
    fn profiles_of_type(&mut self, node: &Node, spot: &Spot<'v>, place: &Place<'_>) {
        let is_it = |code: &str| type_def(code).is_some_and(|def| is_of(spot.kind, def));
        let named = node.types.iter().filter(|of| is_it(&of.code)).flat_map(|of| &of.profiles);
        // An extension is checked by its own address wherever it stands.
        let own = |url: &&String| {
            spot.kind.name != "Extension"
                || spot.value.and_then(|value| value.str("url")).is_none_or(|told| told != url.as_str())
        };
        let named: Vec<&String> = named.collect();
        if named.len() != named.iter().filter(|url| own(url)).count() {
            return;
        }
        self.one_of(&named, spot, place);
    }

    /// An item that must meet one of these profiles.
    pub fn one_of(&mut self, urls: &[&String], spot: &Spot<'v>, place: &Place<'_>) {
        match urls {
            [] => {}
            [url] => match self.profiles.compiled(url) {
                Some(Ok(profile)) => self.profile(&profile, spot, place),
                Some(Err(e)) => self.warn("exception", place, e.0),
                None => {
                    let text =
                        format!("The profile {url} is not here, so it was not checked. Add its package.");
                    self.warn("not-found", place, text);
                }
            },
            _ if urls.iter().any(|url| self.meets(url, spot, place) != Some(false)) => {}
            _ => {
                let names: Vec<&str> = urls.iter().map(|url| url.as_str()).collect();
                self.fault("structure", place, format!("This must meet one of {}.", names.join(", ")));
            }
        }
    }

    /// Whether an item meets a profile; nothing when the profile is not here.
    pub fn meets(&mut self, url: &str, spot: &Spot<'v>, place: &Place<'_>) -> Option<bool> {
        let profile = self.profiles.compiled(url)?.ok()?;
        let key = (url.to_owned(), spot.value.map(Value::span).unwrap_or_default());
        if let Some(met) = self.met.get(&key) {
            return Some(*met);
        }
        // What refers to itself meets the profile as far as nothing else is found.
        self.met.insert(key.clone(), true);
        let before = std::mem::take(&mut self.issues);
        self.profile(&profile, spot, place);
        let found = std::mem::replace(&mut self.issues, before);
        let meets = found.iter().all(|issue| issue.warning);
        self.met.insert(key, meets);
        Some(meets)
    }
}

/// What a resource is for those who look at items.
pub fn outermost<'v>(node: fhirpath::Node<'v>) -> Spot<'v> {
    let entry = type_def("Bundle.entry").and_then(|def| def.elements.iter().find(|e| e.name == "resource"));
    let element = entry.expect("the tables hold Bundle.entry.resource");
    Spot { element, kind: node.kind, value: node.value, extras: None, index: None }
}

fn standing(spot: &Spot<'_>) -> Standing {
    if spot.element.name == "contained" { Standing::Contained } else { Standing::Alone }
}

/// The node whose children hold inside another: its own, or those of the element that it refers to.
fn like<'n>(node: &'n Node, profile: &'n Profile) -> &'n Node {
    let other = node.like.as_ref().filter(|_| node.children.is_empty());
    other.and_then(|path| profile.root.below(path)).unwrap_or(node)
}

/// True when a type is another or specialises it.
pub fn is_of(kind: &TypeDef, of: &TypeDef) -> bool {
    if std::ptr::eq(kind, of) || of.name == "Element" {
        return true;
    }
    match of.name {
        "Resource" => kind.kind == TypeKind::Resource,
        "DomainResource" => {
            kind.kind == TypeKind::Resource
                && !matches!(kind.name, "Bundle" | "Binary" | "Parameters" | "Resource")
        }
        "BackboneElement" => kind.name.contains('.'),
        "Quantity" => matches!(
            kind.name,
            "Age" | "Count" | "Distance" | "Duration" | "MoneyQuantity" | "SimpleQuantity"
        ),
        "string" => matches!(kind.name, "code" | "id" | "markdown"),
        "uri" => matches!(kind.name, "url" | "canonical" | "oid" | "uuid"),
        "integer" => matches!(kind.name, "positiveInt" | "unsignedInt"),
        _ => false,
    }
}

pub fn abstract_element() -> &'static TypeDef {
    type_def("Element").expect("the tables hold Element")
}

/// The index of an element by its name; members mostly come in the standard's order.
fn find(def: &TypeDef, name: &str, start: usize) -> Option<usize> {
    let (before, after) = def.elements.split_at(start.min(def.elements.len()));
    let is_it = |e: &Element| e.name == name;
    after.iter().position(is_it).map(|at| at + before.len()).or_else(|| before.iter().position(is_it))
}
