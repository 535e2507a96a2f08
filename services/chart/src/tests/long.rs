//! A record so long that no page shows all of it: page after page, each thing comes once.

use super::house::{House, words};
use std::collections::BTreeMap;

const OBSERVATIONS: usize = 1_000;
const VISITS: usize = 450;

/// Observations three hours apart, four of one moment in each twelve hours; a visit each week.
fn resources() -> String {
    let mut all = vec![
        r#"{"resourceType":"Patient","id":"long","name":[{"family":"Long","given":["Ada"]}]}"#.to_owned(),
    ];
    let moment = |hours: usize| {
        let ms = 1_500_000_000_000 + hours as i64 * 3_600_000;
        fhir::Instant(ms).to_string()
    };
    for n in 0..OBSERVATIONS {
        let at = moment(n - n % 4);
        all.push(format!(
            r#"{{"resourceType":"Observation","id":"o{n}","status":"final","code":{{"text":"Mark {n}."}},
            "category":[{{"coding":[{{"code":"vital-signs"}}]}}],"subject":{{"reference":"Patient/long"}},
            "effectiveDateTime":"{at}","valueInteger":{n}}}"#
        ));
    }
    for n in 0..VISITS {
        let (start, end) = (moment(n * 168), moment(n * 168 + 1));
        all.push(format!(
            r#"{{"resourceType":"Encounter","id":"e{n}","status":"finished","class":{{"code":"AMB"}},
            "type":[{{"text":"Call {n}."}}],"subject":{{"reference":"Patient/long"}},
            "period":{{"start":"{start}","end":"{end}"}}}}"#
        ));
    }
    format!("[{}]", all.join(","))
}

/// Everything called `Mark n.` or `Call n.` on the pages from an address on, with how often it came.
fn walk(house: &House, first: &str) -> (usize, BTreeMap<String, usize>) {
    let mut seen = BTreeMap::new();
    let mut address = Some(first.to_owned());
    let mut pages = 0;
    while let Some(here) = address {
        let page = house.page("system", &here);
        let text = words(&page);
        let parts: Vec<&str> = text.split(' ').collect();
        for pair in
            parts.windows(2).filter(|pair| ["Mark", "Call"].contains(&pair[0]) && pair[1].contains('.'))
        {
            let number = pair[1].split('.').next().unwrap_or_default();
            *seen.entry(format!("{} {number}", pair[0])).or_insert(0) += 1;
        }
        pages += 1;
        assert!(pages < 60, "the pages never end");
        address = page.split_once("rel=\"next\"").and_then(|(before, _)| {
            let (_, href) = before.rsplit_once("href=\"")?;
            Some(href.split('"').next()?.replace("&amp;", "&"))
        });
    }
    (pages, seen)
}

#[test]
fn page_after_page_each_event_comes_once() {
    let house = House::with(&resources());
    let (pages, seen) = walk(&house, "/patients/long/timeline");
    assert!(pages > 5);
    assert_eq!(seen.len(), OBSERVATIONS + VISITS);
    assert!(seen.values().all(|times| *times == 1));
    let (_, seen) = walk(&house, "/patients/long/timeline?kind=stay-or-visit");
    assert_eq!((seen.len(), seen.values().sum::<usize>()), (VISITS, VISITS));
    let (pages, seen) = walk(&house, "/patients/long/encounters");
    assert_eq!((pages, seen.len(), seen.values().sum::<usize>()), (3, VISITS, VISITS));
    assert!(house.words("system", "/patients/long/encounters").contains("Showing 200 of 450"));
}
