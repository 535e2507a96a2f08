//! Parts of a patient's record: the navigation over its sections, the timeline, a patient in a list.

use crate::{Died, NhsNumber, PersonName, When, age};
use maud::{Markup, html};

/// Where a section of the record stands in its navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Above the groups.
    Top,
    /// What is wrong, what is done about it, what was measured.
    Clinical,
    /// Stays, visits, letters.
    Journey,
    /// The person, and who may see what.
    Person,
}

/// A section of the record in its navigation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// `Results`
    pub title: String,
    /// Its address.
    pub href: String,
    /// Where it stands.
    pub group: Group,
    /// How many things are in it; none to show no number.
    pub count: Option<u64>,
}

/// The navigation over a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sidenav {
    /// In order.
    pub sections: Vec<Section>,
    /// The address of the one that is shown.
    pub current: String,
}

/// The navigation at the side of a record.
pub fn sidenav(nav: &Sidenav) -> Markup {
    let groups = [
        (Group::Top, ""),
        (Group::Clinical, "Clinical"),
        (Group::Journey, "Journey"),
        (Group::Person, "Person"),
    ];
    html! {
        div class="app-sidenav" {
            nav aria-label="Patient record" {
                @for (i, (group, title)) in groups.into_iter().enumerate() {
                    @let sections: Vec<_> = nav.sections.iter().filter(|s| s.group == group).collect();
                    @if !sections.is_empty() {
                        @if !title.is_empty() { p class="app-sidenav__group" id={ "group-" (i) } { (title) } }
                        ul aria-labelledby=[(!title.is_empty()).then(|| format!("group-{i}"))] {
                            @for section in sections { li { (link(section, &nav.current)) } }
                        }
                    }
                }
            }
        }
    }
}

fn link(section: &Section, current: &str) -> Markup {
    html! {
        a href=(section.href) aria-current=[(section.href == current).then_some("page")] {
            (section.title)
            @if let Some(count) = section.count.filter(|n| *n > 0) {
                " " span class="app-count" { (crate::count(count)) }
            }
        }
    }
}

/// One event of a timeline.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When.
    pub when: Option<When>,
    /// What, in a line.
    pub what: String,
    /// Where more about it is.
    pub href: String,
    /// Kind, author, place.
    pub about: String,
    /// True for one that matters more.
    pub key: bool,
}

/// Events, newest first, as they are given.
pub fn timeline(entries: &[Entry]) -> Markup {
    html! {
        ul class="app-timeline" {
            @for entry in entries {
                li class=[entry.key.then_some("app-timeline--key")] {
                    div class="app-list__line" {
                        span {
                            strong class="app-strong app-nowrap" {
                                @match entry.when { Some(when) => (when), None => "Date not known" }
                            }
                            " " a href=(entry.href) { (entry.what) }
                        }
                    }
                    p class="app-s app-muted" { (entry.about) }
                }
            }
        }
    }
}

/// A patient as a line of a list.
pub struct PersonLine<'a> {
    /// Name.
    pub name: &'a PersonName,
    /// Address of the record.
    pub href: &'a str,
    /// Birth.
    pub born: Option<When>,
    /// Death.
    pub died: Died,
    /// NHS number.
    pub nhs_number: Option<&'a NhsNumber>,
    /// The moment for which the age is worked out.
    pub at: i64,
}

/// A patient in a list: `FAMILY, Given` as a link, with born (age) and NHS number beneath.
pub fn person_in_list(person: &PersonLine<'_>) -> Markup {
    html! {
        span class="app-pt" { a href=(person.href) { (person.name.in_list()) } }
        br;
        (born_and_number(person))
    }
}

/// Born (age) and NHS number in small letters; of someone who has died, the date instead of the age.
pub fn born_and_number(person: &PersonLine<'_>) -> Markup {
    html! {
        span class="app-s app-muted app-nowrap" {
            @match (person.born, person.died) {
                (None, _) => "Born not known",
                (Some(born), Died::No) => {
                    (born.without_time())
                    @if let Some(age) = age(born, person.at) { " (" (age) ")" }
                }
                (Some(born), Died::DateNotKnown) => { (born.without_time()) ", died" }
                (Some(born), Died::On(died)) => { (born.without_time()) ", died " (died.without_time()) }
            }
            " · "
            @match person.nhs_number { Some(number) => (number), None => "NHS No. not known" }
        }
    }
}
