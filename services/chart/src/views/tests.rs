//! Resources as UK Core, as other countries and as careless senders write them.

use super::element::first;
use super::*;
use html::{Allergies, Died, When};

fn resource(kind: &'static str, members: &str) -> Resource {
    let text = format!(
        "{{\"resourceType\":\"{kind}\",\"id\":\"x\"{}{members}}}",
        if members.is_empty() { "" } else { "," }
    );
    let body = record::Body {
        kind,
        id: "x".into(),
        version: 1,
        updated: fhir::Instant(0),
        deleted: false,
        text,
        txn: 1,
        patients: vec![],
    };
    Resource::of(body).unwrap()
}

#[test]
fn how_often_is_said_without_latin() {
    for (dosage, words) in [
        (r#""timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"d"}}"#, "once a day"),
        (r#""timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"d"}}"#, "twice a day"),
        (r#""timing":{"repeat":{"frequency":1,"period":4,"periodUnit":"h"}}"#, "every 4 hours"),
        (
            r#""timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"wk","dayOfWeek":["mon"]}}"#,
            "once a week on Monday",
        ),
        (
            r#""asNeededBoolean":true,"timing":{"repeat":{"frequency":1,"frequencyMax":4,"period":1,"periodUnit":"d"}}"#,
            "1 to 4 times a day when needed",
        ),
        (
            r#""timing":{"repeat":{"frequency":1,"period":1.0,"periodUnit":"d","when":["HS"]}}"#,
            "once a day at night",
        ),
        (r#""timing":{"code":{"coding":[{"code":"TID"}]}}"#, "3 times a day"),
        (r#""timing":{"repeat":{"when":["CM","CV"]}}"#, "with breakfast, with the evening meal"),
        (r#""timing":{"repeat":{"timeOfDay":["08:00:00","20:00:00"]}}"#, "at 08:00, 20:00"),
        (r#""asNeededCodeableConcept":{"text":"Pain"}"#, "when needed for pain"),
        (r#""asNeededBoolean":true"#, "when needed"),
        (r#""text":"One daily""#, ""),
    ] {
        let request = resource("MedicationRequest", &format!("\"dosageInstruction\":[{{{dosage}}}]"));
        let dosage = first(request.get("dosageInstruction")).unwrap();
        assert_eq!(timing::frequency(dosage).unwrap_or_default(), words, "{dosage:?}");
    }
}

#[test]
fn a_value_is_shown_in_whichever_form_it_came() {
    for (value, words) in [
        (r#""valueQuantity":{"value":6.10,"unit":"mmol/L"}"#, "6.10 mmol/L"),
        (r#""valueQuantity":{"value":5,"comparator":"<","code":"mg/L"}"#, "<5 mg/L"),
        (r#""valueQuantity":{"value":185.37145420281468,"unit":"cm"}"#, "185.4 cm"),
        (r#""valueQuantity":{"value":3,"unit":"{score}"}"#, "3"),
        (r#""valueCodeableConcept":{"coding":[{"code":"1","display":"Positive"}]}"#, "Positive"),
        (r#""valueString":"No growth""#, "No growth"),
        (r#""valueBoolean":true"#, "Yes"),
        (r#""valueInteger":3104"#, "3104"),
        (r#""valueDateTime":"2026-11-12""#, "12-Nov-2026"),
        (r#""valueRange":{"low":{"value":1},"high":{"value":3}}"#, "1 to 3"),
        (r#""valueRatio":{"numerator":{"value":1},"denominator":{"value":40}}"#, "1 in 40"),
        (r#""dataAbsentReason":{"text":"Haemolysed"}"#, "No value: haemolysed"),
        (
            r#""component":[{"code":{"text":"Eyes"},"valueInteger":4},{"code":{"text":"Voice"},"valueInteger":5}]"#,
            "Eyes 4; Voice 5",
        ),
        (r#""code":{"text":"x"}"#, ""),
    ] {
        let reading = Reading::of(&resource("Observation", value), "p").unwrap();
        assert_eq!(reading.main.line.text(), words, "{value}");
    }
}

#[test]
fn a_flag_is_what_the_laboratory_says_else_what_the_range_says() {
    let range = r#""referenceRange":[{"type":{"coding":[{"code":"treatment"}]},"high":{"value":9}},{"high":{"value":5}}]"#;
    for (members, flag) in [
        (r#""valueQuantity":{"value":6},"interpretation":[{"coding":[{"code":"N"}]}]"#, Some("In range")),
        (r#""valueQuantity":{"value":6}"#, Some("H")),
        (r#""valueQuantity":{"value":6,"comparator":"<"}"#, None),
        (r#""valueString":"6""#, None),
    ] {
        let reading = Reading::of(&resource("Observation", &format!("{members},{range}")), "p").unwrap();
        assert_eq!(reading.main.line.flag.map(html::Flag::words), flag, "{members}");
    }
}

/// An allergy in a line of a table: code and statuses.
fn allergy(code: &str, clinical: &str, verification: &str) -> AllergyEntry {
    let members = format!(
        r#""code":{code},"clinicalStatus":{{"coding":[{{"code":"{clinical}"}}]}},
        "verificationStatus":{{"coding":[{{"code":"{verification}"}}]}}"#
    );
    AllergyEntry::of(&resource("AllergyIntolerance", &members), "p")
}

#[test]
fn the_allergy_record_is_in_one_of_its_states() {
    const NONE: &str = r#"{"coding":[{"code":"716186003"}],"text":"No known allergies"}"#;
    const NO_DRUG: &str = r#"{"coding":[{"code":"409137002"}],"text":"No known drug allergies"}"#;
    const LATEX: &str = r#"{"text":"Latex"}"#;
    const DEGRADED: &str = r#"{"coding":[{"code":"196461000000101"}],"text":"Allergy to egg protein"}"#;
    for (entries, known, state) in [
        (vec![], "", "not recorded"),
        (vec![(NONE, "active", "confirmed")], "", "none known"),
        (vec![(NO_DRUG, "active", "confirmed")], "", "not recorded"),
        (vec![(NONE, "active", "confirmed"), (LATEX, "active", "unconfirmed")], "Latex", "known"),
        (vec![(LATEX, "resolved", "confirmed")], "", "not recorded"),
        (vec![(LATEX, "active", "refuted"), (NONE, "active", "confirmed")], "", "none known"),
        (vec![(LATEX, "active", "entered-in-error")], "", "not recorded"),
        (vec![(NONE, "inactive", "confirmed")], "", "not recorded"),
        (vec![(DEGRADED, "active", "confirmed")], "Allergy to egg protein", "known"),
    ] {
        let entries: Vec<AllergyEntry> =
            entries.into_iter().map(|(code, c, v)| allergy(code, c, v)).collect();
        let (words, found) = match allergies_state(&entries) {
            Allergies::Known(known) => {
                ("known", known.iter().map(|a| a.substance.clone()).collect::<Vec<_>>())
            }
            Allergies::NoneKnown => ("none known", vec![]),
            Allergies::NotRecorded => ("not recorded", vec![]),
            Allergies::Unavailable => ("unavailable", vec![]),
        };
        assert_eq!((words, found.join(", ").as_str()), (state, known));
    }
    assert!(allergy(DEGRADED, "active", "confirmed").degraded);
}

#[test]
fn a_person_is_read_from_whatever_is_there() {
    let person = |members: &str| Person::of(&resource("Patient", members));
    let nobody = person("");
    assert_eq!(
        (nobody.name.to_string().as_str(), nobody.gender, nobody.born),
        ("Name not known", "Not known", None)
    );
    let names = person(
        r#""name":[{"use":"old","family":"Pell","given":["Ann"]},{"use":"usual","given":["Annie"]},
        {"use":"official","family":"Holt","given":["Ann","May"],"prefix":["Ms."]},{"use":"nickname","given":["Annie"]}]"#,
    );
    assert_eq!(names.name.to_string(), "HOLT, Ann May (Ms)");
    assert_eq!(
        (names.preferred.as_deref(), names.other_names[0].value.as_str()),
        (Some("Annie"), "PELL, Ann")
    );
    assert_eq!(person(r#""name":[{"text":"Cher"}]"#).name.to_string(), "CHER");
    let baby = person(
        r#""birthDate":"2026-11-12","_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime",
        "valueDateTime":"2026-11-12T08:05:00Z"}]}"#,
    );
    assert_eq!(baby.born, When::parse("2026-11-12T08:05:00Z"));
    for (deceased, died) in [
        (r#""deceasedBoolean":true"#, Died::DateNotKnown),
        (r#""deceasedBoolean":false"#, Died::No),
        (r#""deceasedDateTime":"2026-11-02""#, Died::On(When::parse("2026-11-02").unwrap())),
    ] {
        assert_eq!(person(deceased).died, died);
    }
    let wrong =
        person(r#""identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990001007"}]"#);
    assert_eq!(wrong.nhs_number, None);
    let moved = person(
        r#""address":[{"use":"home","line":["1 Old Road"],"period":{"end":"2020-01-01"}},{"line":["2 New Road"],"postalCode":"NG4 7QT"}]"#,
    );
    assert_eq!(moved.address, ["2 New Road", "NG4 7QT"]);
}

#[test]
fn what_nobody_foresaw_is_shown_in_words_of_its_own() {
    let any = resource(
        "CarePlan",
        r#""status":"on-hold","subject":{"reference":"Patient/p"},"period":{"start":"2026-01-01"},
        "activity":[{"detail":{"code":{"text":"Walk"},"quantity":{"value":30,"unit":"min"}}}],
        "extension":[{"url":"http://x/y/carePlanColour","valueCode":"blue"}]"#,
    );
    let lines =
        |facts: Vec<Fact>| facts.iter().map(|f| format!("{}={}", f.label, f.text)).collect::<Vec<_>>();
    assert_eq!(
        lines(facts_of(any.value())),
        ["Status=On hold", "Subject=", "Period=From 01-Jan-2026", "Activity=", "Care plan colour=blue",]
    );
    let activity = &facts_of(any.value())[3];
    assert_eq!(lines(activity.within[0].within.clone()), ["Code=Walk", "Quantity=30 min"]);
}
