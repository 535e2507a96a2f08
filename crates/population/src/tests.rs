//! The population as a whole: valid, connected, believable.

use crate::health::Health;
use crate::person::Person;
use crate::random::Random;
use crate::time::Moment;
use crate::{NHS_NUMBERS, Plan, STORIES};
use fhir::{Instant, Json, Limits, Value};
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

fn plan(seed: u64) -> Plan {
    Plan { seed, people: 600, until: Instant::parse("2026-11-12T09:30:00Z").unwrap() }
}

/// The people of seed 1, parsed once for all tests.
fn people() -> &'static [Json] {
    static PEOPLE: OnceLock<Vec<Json>> = OnceLock::new();
    PEOPLE.get_or_init(|| (0..plan(1).people).map(|index| parsed(plan(1).person(index))).collect())
}

fn parsed(bundle: String) -> Json {
    Json::parse(bundle, Limits::FILE).unwrap()
}

fn resources(bundle: &Json) -> Vec<Value<'_>> {
    bundle.root().get("entry").unwrap().items().map(|entry| entry.get("resource").unwrap()).collect()
}

fn text(value: Value, path: &[&str]) -> Option<String> {
    let found = match path.split_last() {
        Some((last, before)) => {
            before.iter().try_fold(value, |value, name| value.get(name)?.each().next())?.get(last)?
        }
        None => value,
    };
    Some(found.each().next()?.as_str()?.into_owned())
}

fn is(value: Value, kind: &str) -> bool {
    text(value, &["resourceType"]).as_deref() == Some(kind)
}

fn patient(bundle: &Json) -> Value<'_> {
    resources(bundle)[0]
}

/// Every string of a resource with the names that lead to it.
fn strings<'a>(value: Value<'a>, path: &str, each: &mut dyn FnMut(&str, &str)) {
    if let Some(text) = value.as_str() {
        each(path, &text);
    }
    for (name, member) in value.members() {
        strings(member, &format!("{path}.{name}"), each);
    }
    for item in value.items() {
        strings(item, path, each);
    }
}

fn date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-' && bytes[7] == b'-'
}

/// Whether a date or moment is before another one, as far as both are told.
fn before(one: &str, other: &str) -> bool {
    let length = 16.min(one.len()).min(other.len());
    one[..length] < other[..length]
}

#[test]
fn the_same_seed_gives_the_same_bytes_in_any_order_and_another_seed_does_not() {
    let forwards: Vec<String> = (0..40).map(|index| plan(7).person(index)).collect();
    let backwards: Vec<String> = (0..40).rev().map(|index| plan(7).person(index)).collect();
    assert!(forwards.iter().eq(backwards.iter().rev()));
    assert_eq!(plan(7).places(), plan(7).places());
    assert!((0..40).all(|index| plan(8).person(index) != forwards[index]));
    let more = Plan { people: 1_000_000, ..plan(7) };
    assert_eq!(more.person(20), forwards[20], "the size of the population does not change a person");
}

#[test]
fn every_resource_is_sound_by_the_definitions_of_fhir() {
    let places: Vec<Json> = plan(1).places().into_iter().map(parsed).collect();
    for bundle in places.iter().chain(people().iter().step_by(4)).chain(&people()[..8]) {
        for resource in resources(bundle) {
            let issues = fhir::validate::structure(resource);
            assert!(issues.is_empty(), "{issues:?} in {}", resource.raw());
        }
    }
}

#[test]
fn entries_are_put_under_the_id_of_their_resource_and_no_id_comes_twice() {
    let mut ids = HashSet::new();
    for bundle in people() {
        for entry in bundle.root().get("entry").unwrap().items() {
            let resource = entry.get("resource").unwrap();
            let url = format!(
                "{}/{}",
                text(resource, &["resourceType"]).unwrap(),
                text(resource, &["id"]).unwrap()
            );
            assert_eq!(text(entry, &["request", "url"]).unwrap(), url);
            assert_eq!(text(entry, &["request", "method"]).as_deref(), Some("PUT"));
            assert!(ids.insert(url.clone()), "{url} comes twice");
        }
    }
}

#[test]
fn references_lead_to_the_same_person_or_to_a_place() {
    let places: Vec<Json> = plan(1).places().into_iter().map(parsed).collect();
    let mut shared = HashSet::new();
    let check = |bundle: &Json, shared: &HashSet<String>| {
        let own: HashSet<String> = bundle
            .root()
            .get("entry")
            .unwrap()
            .items()
            .filter_map(|entry| text(entry, &["request", "url"]))
            .collect();
        strings(bundle.root(), "", &mut |path, reference| {
            if path.ends_with(".reference") {
                assert!(
                    own.contains(reference) || shared.contains(reference),
                    "{path} {reference} leads nowhere"
                );
            }
        });
        own
    };
    for bundle in &places {
        shared.extend(check(bundle, &shared.clone()));
    }
    for bundle in people() {
        check(bundle, &shared);
    }
}

#[test]
fn nhs_numbers_are_valid_and_differ() {
    let mut numbers = HashSet::new();
    for bundle in people() {
        let identifiers = patient(bundle).get("identifier").unwrap();
        let number = identifiers.items().find(|one| text(*one, &["system"]).unwrap().ends_with("nhs-number"));
        let Some(number) = number.and_then(|number| text(number, &["value"])) else { continue };
        let digits: Vec<u32> = number.chars().map(|c| c.to_digit(10).unwrap()).collect();
        let sum: u32 = digits[..9].iter().zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum();
        assert_eq!((11 - sum % 11) % 11, digits[9], "{number}");
        assert!(number.starts_with("999") && number.len() == 10);
        assert!(numbers.insert(number));
    }
    assert!(numbers.len() > 590);
    let far = parsed(Plan { people: NHS_NUMBERS + 1, ..plan(1) }.person(NHS_NUMBERS));
    assert_eq!(
        patient(&far).get("identifier").unwrap().items().count(),
        1,
        "people past the range have none"
    );
}

#[test]
fn nothing_is_dated_before_birth_or_after_death_or_after_today() {
    // Plans may lie ahead, and a vaccine keeps longer than some people.
    let ahead =
        [".start", ".end", ".target.dueDate", ".expirationDate", ".dispenseRequest.validityPeriod.end"];
    let nights = ["2025-02-28T02:05:00Z", "2020-02-29T23:59:00Z", "2028-06-30T23:30:00Z"].map(|now| {
        let plan = Plan { until: Instant::parse(now).unwrap(), ..plan(3) };
        (0..60).map(move |index| parsed(plan.person(index))).collect::<Vec<Json>>()
    });
    let days = people().iter().map(|bundle| ("2026-11-12T09:30", bundle));
    let nights = nights.iter().zip(["2025-02-28T02:05", "2020-02-29T23:59", "2028-07-01T00:30"]);
    let nights = nights.flat_map(|(bundles, now)| bundles.iter().map(move |bundle| (now, bundle)));
    for (now, bundle) in days.chain(nights) {
        let birth = text(patient(bundle), &["birthDate"]).unwrap();
        let death = text(patient(bundle), &["deceasedDateTime"]);
        let last = death.as_deref().unwrap_or(now);
        for resource in resources(bundle) {
            strings(resource, "", &mut |path, value| {
                if !date(value) {
                    return;
                }
                assert!(!before(value, &birth), "{path} {value} before birth {birth}");
                let planned = ahead.contains(&path) && (death.is_none() || path == ".expirationDate");
                let planned = planned || path == ".target.dueDate";
                assert!(planned || !before(last, value), "{path} {value} after {last} in {}", resource.raw());
            });
        }
    }
}

#[test]
fn what_is_recorded_in_an_encounter_happens_during_it() {
    for bundle in people() {
        let all = resources(bundle);
        let encounters: HashMap<String, Value> = all
            .iter()
            .filter(|resource| is(**resource, "Encounter"))
            .map(|resource| (format!("Encounter/{}", text(*resource, &["id"]).unwrap()), *resource))
            .collect();
        for resource in all {
            let at = text(resource, &["effectiveDateTime"])
                .or_else(|| text(resource, &["performedPeriod", "start"]));
            let (Some(encounter), Some(at)) = (text(resource, &["encounter", "reference"]), at) else {
                continue;
            };
            let period = encounters[&encounter].get("period").unwrap();
            assert!(!before(&at, &text(period, &["start"]).unwrap()), "{}", resource.raw());
            if let Some(end) = text(period, &["end"]) {
                assert!(!before(&end, &at), "ends {end}: {}", resource.raw());
            }
        }
    }
}

#[test]
fn treatment_follows_the_diagnosis_it_is_for() {
    let mut treated = 0;
    for bundle in people() {
        let all = resources(bundle);
        let recorded: HashMap<String, String> = all
            .iter()
            .filter(|resource| is(**resource, "Condition"))
            .map(|one| {
                (
                    format!("Condition/{}", text(*one, &["id"]).unwrap()),
                    text(*one, &["recordedDate"]).unwrap(),
                )
            })
            .collect();
        for order in all.into_iter().filter(|resource| is(*resource, "MedicationRequest")) {
            let Some(reason) = text(order, &["reasonReference", "reference"]) else { continue };
            treated += 1;
            let authored = text(order, &["authoredOn"]).unwrap();
            assert!(!before(&authored, &recorded[&reason]), "{} is for {}", order.raw(), recorded[&reason]);
        }
    }
    assert!(treated > 1_000);
}

#[test]
fn nobody_allergic_to_penicillin_is_given_one_afterwards() {
    let mut allergic = 0;
    for bundle in people() {
        let all = resources(bundle);
        let known = all.iter().find(|resource| {
            is(**resource, "AllergyIntolerance")
                && text(**resource, &["code", "coding", "code"]).as_deref() == Some("penicillins")
                && text(**resource, &["clinicalStatus", "coding", "code"]).as_deref() == Some("active")
        });
        if known.is_none() {
            continue;
        }
        allergic += 1;
        for order in all.iter().filter(|resource| is(**resource, "MedicationRequest")) {
            let product = text(*order, &["medicationCodeableConcept", "text"]).unwrap().to_lowercase();
            assert!(!product.contains("cillin") && !product.contains("co-amoxiclav"), "{product}");
        }
    }
    assert!(allergic > 20, "{allergic}");
}

#[test]
fn all_four_states_of_allergies_occur() {
    let mut states: HashMap<&str, usize> = HashMap::new();
    for bundle in people() {
        let all = resources(bundle);
        let allergies: Vec<&Value> = all.iter().filter(|one| is(**one, "AllergyIntolerance")).collect();
        let status =
            |one: &&&Value| text(***one, &["clinicalStatus", "coding", "code"]).as_deref() == Some("active");
        let none = |one: &&&Value| text(***one, &["code", "coding", "code"]).as_deref() == Some("716186003");
        let state = match () {
            () if allergies.is_empty() => "not recorded",
            () if allergies.iter().any(|one| none(&one)) => "none known",
            () if allergies.iter().any(|one| status(&one)) => "known",
            () => "resolved",
        };
        *states.entry(state).or_default() += 1;
        let both =
            allergies.iter().any(|one| none(&one)) && allergies.iter().any(|one| status(&one) && !none(&one));
        assert!(!both, "a real allergy and none known at once");
    }
    for (state, least) in [("not recorded", 60), ("none known", 150), ("known", 80), ("resolved", 2)] {
        assert!(states[state] >= least, "{states:?}");
    }
}

#[test]
fn long_illnesses_are_about_as_common_as_in_england() {
    let plan = plan(1);
    let today = Moment::from(plan.until).day;
    let mut grown = 0.0;
    let mut counts: HashMap<&str, f64> = HashMap::new();
    for index in STORIES..5_000 {
        let person = Person::of(&plan, index);
        if person.death.is_some() || today.age(person.birth) < 17 {
            continue;
        }
        grown += 1.0;
        let health = Health::draw(&person, today, &mut Random::of(1, 2, index as u64));
        for course in health.courses.iter().filter(|course| course.known(today)) {
            *counts.entry(course.problem.code).or_default() += 1.0;
        }
    }
    for (code, low, high) in [
        ("type-2-diabetes", 5.5, 9.0),
        ("hypertension", 15.0, 22.0),
        ("asthma", 4.5, 8.0),
        ("copd", 1.0, 3.5),
        ("atrial-fibrillation", 1.8, 4.0),
        ("coronary-heart-disease", 2.5, 5.5),
        ("heart-failure", 0.7, 2.2),
        ("chronic-kidney-disease", 3.0, 6.5),
        ("hypothyroidism", 2.5, 5.5),
        ("depression", 2.0, 9.0),
        ("alzheimers-dementia", 0.6, 2.0),
    ] {
        let share = 100.0 * counts.get(code).copied().unwrap_or_default() / grown;
        assert!((low..high).contains(&share), "{code}: {share:.1} %");
    }
}

#[test]
fn ages_are_those_of_england_and_records_have_a_sensible_length() {
    let plan = plan(1);
    let today = Moment::from(plan.until).day;
    let ages: Vec<i32> = (STORIES..5_000).map(|index| today.age(Person::of(&plan, index).birth)).collect();
    let share = |from: i32, to: i32| {
        100.0 * ages.iter().filter(|age| (from..=to).contains(age)).count() as f64 / ages.len() as f64
    };
    // Shares of the census of 2021: 0 to 17 are 21 %, 18 to 64 are 61 %, 65 and over 18 %.
    assert!((18.0..25.0).contains(&share(0, 17)), "{:.1}", share(0, 17));
    assert!((55.0..65.0).contains(&share(18, 64)), "{:.1}", share(18, 64));
    assert!((15.0..22.0).contains(&share(65, 110)), "{:.1}", share(65, 110));
    assert_eq!(share(0, 104), 100.0);
    let each = people().iter().map(|bundle| resources(bundle).len()).sum::<usize>() / people().len();
    assert!((50..95).contains(&each), "{each} resources for each person");
}

#[test]
fn blood_pressure_falls_and_hba1c_falls_once_treatment_starts() {
    let mut pressures = (Vec::new(), Vec::new());
    let mut sugars = (Vec::new(), Vec::new());
    for bundle in people() {
        let all = resources(bundle);
        for (problem, code, before_and_after) in
            [("hypertension", "85354-9", &mut pressures), ("type-2-diabetes", "59261-8", &mut sugars)]
        {
            let condition = all.iter().find(|one| {
                is(**one, "Condition") && text(**one, &["code", "coding", "code"]).as_deref() == Some(problem)
            });
            let Some(found) = condition.and_then(|one| text(*one, &["recordedDate"])) else { continue };
            for one in
                all.iter().filter(|one| text(**one, &["code", "coding", "code"]).as_deref() == Some(code))
            {
                let value = match problem {
                    "hypertension" => one.get("component").and_then(|parts| parts.items().next()),
                    _ => Some(*one),
                };
                let value =
                    value.and_then(|value| value.at(&["valueQuantity", "value"])).and_then(Value::as_number);
                let Some(value) = value.and_then(|value| value.parse::<f64>().ok()) else { continue };
                let day = &text(*one, &["effectiveDateTime"]).unwrap()[..10];
                let years = day[..4].parse::<i32>().unwrap() - found[..4].parse::<i32>().unwrap();
                match () {
                    () if day == found => before_and_after.0.push(value),
                    () if (1..=2).contains(&years) => before_and_after.1.push(value),
                    () => {}
                }
            }
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    assert!(pressures.0.len() > 20 && sugars.0.len() > 5, "{} {}", pressures.0.len(), sugars.0.len());
    assert!(mean(&pressures.0) > mean(&pressures.1) + 8.0, "{} {}", mean(&pressures.0), mean(&pressures.1));
    assert!(mean(&sugars.0) > mean(&sugars.1) + 3.0, "{} {}", mean(&sugars.0), mean(&sugars.1));
}

#[test]
fn families_share_a_home_and_some_children_are_twins() {
    let mut homes: HashMap<String, usize> = HashMap::new();
    for bundle in people() {
        let who = patient(bundle);
        if let Some(line) = text(who, &["address", "line"]) {
            *homes.entry(format!("{line} {:?}", text(who, &["address", "postalCode"]))).or_default() += 1;
        }
    }
    assert!(homes.values().filter(|people| **people > 1).count() > 100);
    let twins = (STORIES..5_000).filter(|index| Person::of(&plan(1), *index).birth_order.is_some()).count();
    assert!((8..80).contains(&twins), "{twins}");
}

#[test]
fn dorothy_is_in_hospital_and_her_potassium_is_critical() {
    let all = resources(&people()[0]);
    assert_eq!(text(all[0], &["identifier", "value"]).as_deref(), Some("9990001006"));
    let stay = all
        .iter()
        .find(|one| is(**one, "Encounter") && text(**one, &["status"]).as_deref() == Some("in-progress"));
    assert!(stay.unwrap().raw().contains("Ward 7B, side room 1"));
    let potassium =
        all.iter().filter(|one| text(**one, &["code", "coding", "code"]).as_deref() == Some("2823-3"));
    let latest = potassium.max_by_key(|one| text(**one, &["effectiveDateTime"])).unwrap();
    assert_eq!(latest.at(&["valueQuantity", "value"]).and_then(Value::as_number), Some("6.1"));
    assert_eq!(text(*latest, &["interpretation", "coding", "code"]).as_deref(), Some("HH"));
    let held = all.iter().find(|one| text(**one, &["status"]).as_deref() == Some("on-hold")).unwrap();
    assert!(held.raw().contains("Ramipril"));
    assert_eq!(all.iter().filter(|one| is(**one, "AllergyIntolerance")).count(), 2);
}

#[test]
fn the_other_stories_are_as_they_are_told() {
    let count = |index: usize| resources(&people()[index]).len();
    assert_eq!(text(patient(&people()[1]), &["birthDate"]).as_deref(), Some("2026-11-08"));
    assert!(count(1) > 8, "the newborn has been examined");
    assert_eq!(text(patient(&people()[3]), &["deceasedDateTime"]).unwrap()[..10], *"2026-08-07");
    assert_eq!(count(4), 1, "of this person nothing but the Patient is there");
    let long = resources(&people()[5]);
    let sugars =
        long.iter().filter(|one| text(**one, &["code", "coding", "code"]).as_deref() == Some("59261-8"));
    let dates: Vec<String> = sugars.filter_map(|one| text(*one, &["effectiveDateTime"])).collect();
    assert!(dates.iter().min().unwrap() < &"1997-06".to_owned() && dates.len() > 60, "{}", dates.len());
}

#[test]
fn accounts_belong_to_people_of_the_staff() {
    let staff = plan(1).places().concat();
    let accounts = plan(1).accounts();
    assert!(
        accounts
            .iter()
            .all(|account| staff.contains(&account.practitioner) && staff.contains(&account.organization))
    );
    for role in ["doctor", "nurse", "gp", "pharmacist", "receptionist", "administrator"] {
        assert!(accounts.iter().any(|account| account.role == role), "no {role}");
    }
}
