//! Definitions made into what is walked.

use crate::discriminate;
use crate::element::{Element, items, text};
use crate::merge::is_choice;
use crate::node::{Binding, Constraint, Node, Profile, Rules, Slicing, Type, Usage};
use crate::snapshot::{Brings, Definition, Error, Snapshots};
use fhir::definitions::{TypeDef, type_def};
use fhir::fhirpath::Expression;
use fhir::{Json, Limits, Tree};
use std::sync::Arc;

/// Rules that the structural check keeps already, or a check of ours in Rust keeps faster than FHIRPath
/// would: `ele-1` and `ext-1` are structure; `ref-1` is read as it is meant, for references that there are.
const KEPT_ELSEWHERE: &[&str] = &["ele-1", "ext-1", "ref-1"];
/// Rules that have nothing to say unless a resource contains others.
const OF_CONTAINED: &[&str] = &["dom-2", "dom-3", "dom-4", "dom-5"];
const BEST_PRACTICE: &str = "http://hl7.org/fhir/StructureDefinition/elementdefinition-bestpractice";
const MAX_VALUE_SET: &str = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet";

/// R4's own rules whose expression does not say what their words say, and what would.
const CORRECTED: &[(&str, &str)] = &[
    ("que-7", "operator = 'exists' implies (answer is boolean)"),
    ("que-12", "enableWhen.count() > 1 implies enableBehavior.exists()"),
];
const LEAST_LENGTH: &str = "http://hl7.org/fhir/StructureDefinition/minLength";

/// Makes a definition ready to be walked.
pub fn compile(definition: Arc<Definition>, snapshots: &Snapshots) -> Result<Profile, Error> {
    let Some(kind) = type_def(&definition.kind) else {
        let text = format!("{} constrains {}, which is no type of FHIR R4.", definition.url, definition.kind);
        return Err(Error(text));
    };
    let compiler = Compiler { snapshots, brings: definition.brings };
    let mut root = compiler.node(&definition.root, kind, None, &definition.kind)?;
    // How often the outermost element comes is for those who use it to say.
    (root.min, root.max) = (0, None);
    let extension = (definition.kind == "Extension").then(|| compiler.usage(&definition)).transpose()?;
    Ok(Profile { definition, kind, root, extension })
}

struct Compiler<'s> {
    snapshots: &'s Snapshots,
    brings: Brings,
}

impl Compiler<'_> {
    fn node(
        &self,
        element: &Element,
        def: &'static TypeDef,
        of: Option<&'static fhir::definitions::Element>,
        label: &str,
    ) -> Result<Node, Error> {
        let rules = if self.brings == Brings::Said { &element.said } else { &element.rules };
        let number = |name: &str| text(rules, name).and_then(|text| text.parse::<usize>().ok());
        let mut node = Node {
            label: label.to_owned(),
            name: element.name.trim_end_matches("[x]").to_owned(),
            group: of.map_or(0, |of| of.group),
            slice: element.slice.clone(),
            min: number("min").unwrap_or(0),
            max: number("max"),
            types: self.types(rules),
            fixed: valued(rules, "fixed"),
            pattern: valued(rules, "pattern"),
            least: valued(rules, "minValue"),
            most: valued(rules, "maxValue"),
            length_max: number("maxLength"),
            binding: binding(rules),
            constraints: self.constraints(rules, def, label)?,
            length_min: extension(rules, LEAST_LENGTH)
                .and_then(|e| text(e, "valueInteger"))
                .and_then(|length| length.parse().ok()),
            slicing: rules.get("slicing").or(element.rules.get("slicing")).map(slicing),
            ..Node::default()
        };
        if self.brings == Brings::Core {
            self.leave_to_structure(&mut node, of);
        }
        // What a profile says of an element does not hold in the elements that refer to it.
        let reference = text(&element.rules, "contentReference").filter(|_| self.brings != Brings::Said);
        if let Some(reference) = reference {
            let path = reference.rsplit('#').next().unwrap_or_default();
            node.like = Some(path.split('.').skip(1).map(str::to_owned).collect());
        }
        node.children = self.children(element, def, label)?;
        for slice in element.slices.iter().filter(|slice| self.brings != Brings::Said || slice.is_touched()) {
            let name = slice.slice.as_deref().unwrap_or_default();
            let def = inside(slice, of).unwrap_or(def);
            let mut cut = self.node(slice, def, of, &format!("{label}:{name}"))?;
            cut.tests = discriminate::tests(&element.rules, slice, self.snapshots)?;
            node.slices.push(cut);
        }
        Ok(node)
    }

    fn children(&self, element: &Element, def: &'static TypeDef, label: &str) -> Result<Vec<Node>, Error> {
        let mut nodes = Vec::new();
        for child in element.children.iter().filter(|child| self.brings != Brings::Said || child.is_touched())
        {
            let name = child.name.trim_end_matches("[x]");
            // What the tables do not know, the structural check refuses.
            let Some(of) = def.elements.iter().find(|of| of.path == name) else { continue };
            let def = inside(child, Some(of)).unwrap_or_else(abstract_element);
            let node = self.node(child, def, Some(of), &format!("{label}.{name}"))?;
            if !node.is_idle() {
                nodes.push(node);
            }
        }
        Ok(nodes)
    }

    /// The rules of R4's own types that the structural check keeps.
    fn leave_to_structure(&self, node: &mut Node, of: Option<&fhir::definitions::Element>) {
        (node.min, node.max) = (0, None);
        node.types.retain(|of| !of.profiles.is_empty() || !of.targets.is_empty());
        if of.is_some_and(|of| !of.codes.is_empty()) && node.binding.as_ref().is_some_and(|b| b.is_required) {
            node.binding = None;
        }
    }

    fn types(&self, rules: &Tree) -> Vec<Type> {
        let list = |of: &Tree, name: &str| -> Vec<String> {
            items(of.get(name))
                .filter_map(|url| if let Tree::String(url) = url { Some(url.clone()) } else { None })
                .collect()
        };
        let types = items(rules.get("type")).map(|of| {
            let code = text(of, "code").unwrap_or_default();
            let targets = list(of, "targetProfile").into_iter();
            let targets = targets.map(|url| {
                let kind = self.target_kind(&url);
                (url, kind)
            });
            // FHIRPath's own types stand for the ids and addresses of elements.
            let code = code.strip_prefix("http://hl7.org/fhirpath/System.").map_or(code, |_| "string");
            Type { code: code.to_owned(), profiles: list(of, "profile"), targets: targets.collect() }
        });
        types.collect()
    }

    fn target_kind(&self, url: &str) -> Option<String> {
        let core = url.strip_prefix("http://hl7.org/fhir/StructureDefinition/");
        if let Some(name) = core.filter(|name| fhir::definitions::is_resource(name) || *name == "Resource") {
            return Some(name.to_owned());
        }
        self.snapshots.kind(url)
    }

    fn constraints(
        &self,
        rules: &Tree,
        def: &'static TypeDef,
        label: &str,
    ) -> Result<Vec<Arc<Constraint>>, Error> {
        let list = items(rules.get("constraint"));
        let list = list.filter(|rule| {
            let key = text(rule, "key").unwrap_or_default();
            let best = items(rule.get("extension")).any(|e| {
                text(e, "url") == Some(BEST_PRACTICE) && e.get("valueBoolean") == Some(&Tree::Bool(true))
            });
            !KEPT_ELSEWHERE.contains(&key) && !best && key != "dom-6"
        });
        let made = list.filter_map(|rule| self.constraint(rule, def, label).transpose());
        made.collect()
    }

    /// Nothing for a rule that is not told in FHIRPath.
    fn constraint(
        &self,
        rule: &Tree,
        def: &'static TypeDef,
        label: &str,
    ) -> Result<Option<Arc<Constraint>>, Error> {
        let (key, Some(said)) = (text(rule, "key").unwrap_or_default(), text(rule, "expression")) else {
            return Ok(None);
        };
        let corrected = CORRECTED.iter().find(|(of, _)| self.brings == Brings::Core && *of == key);
        let said = corrected.map_or(said, |(_, correct)| correct);
        let expression = match Expression::parse_for(said, def) {
            Ok(expression) => expression,
            // R4's own rules are as they are; what is wrong in them must not stop those who use them.
            Err(_) if self.brings == Brings::Core => return Ok(None),
            Err(e) => return Err(Error(format!("The rule {key} at {label} cannot be read: {e}."))),
        };
        Ok(Some(Arc::new(Constraint {
            key: key.to_owned(),
            human: text(rule, "human").unwrap_or_default().to_owned(),
            is_error: text(rule, "severity") != Some("warning"),
            expression,
            of_contained: OF_CONTAINED.contains(&key),
        })))
    }

    fn usage(&self, definition: &Definition) -> Result<Usage, Error> {
        let sd = Tree::from(definition.json.root());
        let contexts = items(sd.get("context")).filter_map(|context| {
            Some((text(context, "type")?.to_owned(), text(context, "expression")?.to_owned()))
        });
        let invariants = items(sd.get("contextInvariant")).filter_map(|rule| match rule {
            Tree::String(rule) => Some(rule),
            _ => None,
        });
        let invariants = invariants.map(|rule| match Expression::parse(rule) {
            Ok(expression) => Ok(Constraint {
                key: "contextInvariant".to_owned(),
                human: rule.clone(),
                is_error: true,
                expression,
                of_contained: false,
            }),
            Err(e) => Err(Error(format!("Its contextInvariant cannot be read: {e}."))),
        });
        let is_modifier = definition.root.rules.get("isModifier") == Some(&Tree::Bool(true));
        Ok(Usage {
            is_modifier,
            contexts: contexts.collect(),
            invariants: invariants.collect::<Result<_, _>>()?,
        })
    }
}

/// The table of what stands inside an element; nothing when it may be of several types.
fn inside(element: &Element, of: Option<&'static fhir::definitions::Element>) -> Option<&'static TypeDef> {
    if text(&element.rules, "contentReference").is_some() {
        return of.map(fhir::definitions::Element::type_def);
    }
    let mut types = element.types().filter_map(|of| text(of, "code"));
    let (code, None) = (types.next()?, types.next()) else { return None };
    match of.map(fhir::definitions::Element::type_def) {
        // The inside of a backbone element has a table of its own.
        Some(own) if own.name.contains('.') => Some(own),
        own => {
            let code = code.strip_prefix("http://hl7.org/fhirpath/System.").map_or(code, |_| "string");
            type_def(code).or(own)
        }
    }
}

fn abstract_element() -> &'static TypeDef {
    type_def("Element").expect("the tables hold Element")
}

/// The extension of an element definition with this address.
fn extension<'t>(rules: &'t Tree, url: &str) -> Option<&'t Tree> {
    items(rules.get("extension")).find(|extension| text(extension, "url") == Some(url))
}

/// `fixed[x]` and the like as a document.
fn valued(rules: &Tree, choice: &str) -> Option<Json> {
    let Tree::Object(members) = rules else { return None };
    let (_, value) = members.iter().find(|(name, _)| is_choice(name, choice))?;
    Json::parse(value.text(), Limits::FILE).ok()
}

fn binding(rules: &Tree) -> Option<Binding> {
    let binding = rules.get("binding")?;
    let strength = text(binding, "strength")?;
    let most = items(binding.get("extension")).find(|e| text(e, "url") == Some(MAX_VALUE_SET));
    let most = most.and_then(|e| text(e, "valueCanonical").or(text(e, "valueUri"))).map(str::to_owned);
    let value_set = text(binding, "valueSet").map(str::to_owned);
    match strength {
        "required" => Some(Binding { is_required: true, value_set, most: None }),
        "extensible" => Some(Binding { is_required: false, value_set, most }),
        // A preferred set may be left, but not the one that it must stay in.
        _ => most.map(|most| Binding { is_required: false, value_set: None, most: Some(most) }),
    }
}

fn slicing(rules: &Tree) -> Slicing {
    let said = match text(rules, "rules") {
        Some("closed") => Rules::Closed,
        Some("openAtEnd") => Rules::OpenAtEnd,
        _ => Rules::Open,
    };
    Slicing { rules: said, is_ordered: rules.get("ordered") == Some(&Tree::Bool(true)) }
}
