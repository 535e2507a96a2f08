use crate::*;

fn dorothy() -> Banner {
    Banner {
        name: PersonName { family: "Hargreaves".into(), given: "Dorothy".into(), title: Some("Mrs".into()) },
        preferred: Some("Dot".into()),
        born: When::parse("1945-03-14"),
        died: Died::No,
        gender: "Female".into(),
        nhs_number: NhsNumber::parse("9990001006").ok(),
        at: parse_local("2026-11-12T09:42").unwrap(),
        address: vec!["14 Millbrook Lane".into(), "Northgate".into(), "NG4 7QT".into()],
        contacts: vec![Contact { label: "Home".into(), value: "01632 960 114".into() }],
        location: Location::At("Ward 7B, side room 1".into()),
        facts: vec![],
        alerts: Some(vec!["Falls risk".into(), "Hearing aid".into(), "Interpreter".into()]),
        allergies: Some(Allergies::Known(vec![
            Allergy {
                substance: "Penicillins".into(),
                reaction: Some("anaphylaxis".into()),
                recorded: When::parse("2011-06-02"),
            },
            Allergy { substance: "NSAIDs".into(), reaction: None, recorded: None },
        ])),
        allergies_at: "/patients/1/allergies".into(),
    }
}

/// What is read, in order, without tags.
fn words(markup: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in markup.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shown(person: &Banner) -> String {
    words(&banner(person).into_string())
}

#[test]
fn zone_one_is_name_born_gender_number_in_this_order() {
    assert!(shown(&dorothy()).starts_with(
        "HARGREAVES, Dorothy (Mrs) Preferred name Dot Born 14-Mar-1945 (81y) Gender Female NHS No. 999 000 1006"
    ));
}

#[test]
fn zone_two_has_five_titles_and_ends_with_allergies() {
    assert!(shown(&dorothy()).contains(
        "Address 14 Millbrook Lane, Northgate, NG4 7QT Phone and email 01632 960 114 \
         Location Ward 7B, side room 1 Alerts Falls risk and 2 more Known allergies: penicillins, NSAIDs"
    ));
}

#[test]
fn each_state_of_the_allergy_record_has_its_own_words_and_picture() {
    let mut pictures = std::collections::BTreeSet::new();
    for (state, title) in [
        (dorothy().allergies.unwrap(), "Known allergies: "),
        (Allergies::NoneKnown, "No known allergies"),
        (Allergies::NotRecorded, "Allergies not recorded"),
        (Allergies::Unavailable, "Allergies unavailable"),
    ] {
        let markup = banner(&Banner { allergies: Some(state), ..dorothy() }).into_string();
        let (_, part) = markup.split_once("app-banner__title--").unwrap();
        let (_, picture) = part.split_once("<path d=\"").unwrap();
        let (picture, rest) = picture.split_once('"').unwrap();
        pictures.insert(picture.to_owned());
        assert!(words(rest).contains(title), "{title}");
    }
    assert_eq!(pictures.len(), 4);
}

#[test]
fn someone_who_died_is_shown_so_with_the_age_reached() {
    let person = Banner {
        died: Died::On(When::parse("2026-11-02").unwrap()),
        born: When::parse("1937-06-19"),
        ..dorothy()
    };
    let markup = banner(&person).into_string();
    assert!(markup.contains("app-banner--deceased"));
    assert!(words(&markup).contains("Born 19-Jun-1937 Died 02-Nov-2026 Age at Death 89y Gender"));
    let person = Banner { died: Died::DateNotKnown, ..dorothy() };
    assert!(shown(&person).contains("Born 14-Mar-1945 Died Date not known Gender"));
}

#[test]
fn what_is_not_known_is_said() {
    let person = Banner {
        nhs_number: None,
        born: None,
        address: vec![],
        contacts: vec![],
        location: Location::NotInHospital,
        preferred: None,
        ..dorothy()
    };
    let text = shown(&person);
    assert!(text.contains(
        "Born Not known Gender Female NHS No. Not known Address Not known Phone and email Not known"
    ));
    assert!(text.contains("Location Not in hospital"));
}

#[test]
fn a_role_without_clinical_data_sees_neither_alerts_nor_allergies() {
    let text = shown(&Banner { alerts: None, allergies: None, ..dorothy() }).to_lowercase();
    assert!(!text.contains("alert") && !text.contains("allerg"));
}
