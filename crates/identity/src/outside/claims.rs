//! What an issuer's claims mean here: staff with roles as CIS2 gives them, patients as NHS login knows them.

use super::{Trusted, no};
use access::{Access, NewProfile, Outsider};
use fhir::Value;
use fhir::search::{Handling, Query};
use record::{Kind, Page, Refusal, Scope};
use std::collections::BTreeMap;

const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";

/// Whom an issuer knows.
#[derive(Clone, Debug)]
pub enum People {
    /// Staff: each of their roles becomes a profile.
    Staff(StaffClaims),
    /// Patients: they see their own record once they have proved enough who they are.
    Patients {
        /// What must have been proved.
        least: Proofing,
    },
}

/// Which claims say what of staff, and what their codes mean.
#[derive(Clone, Debug)]
pub struct StaffClaims {
    /// Who it is, for good.
    pub uid: String,
    /// The name to show.
    pub display: String,
    /// The list of roles. Each has `org_code`, `role_code` as `S…:G…:R…`, and may have `activity_codes`,
    /// `workgroups_codes` and `person_roleid`.
    pub roles: String,
    /// The `person_roleid` of the one that was chosen there.
    pub chosen: String,
    /// Roles of `roles.toml` by code: the whole of `role_code`, or its last part. A role whose code is not here gives
    /// nothing.
    pub role_codes: BTreeMap<String, String>,
    /// Activities by code, e.g. `B0083`. A code that is not here gives nothing.
    pub activity_codes: BTreeMap<String, String>,
}

impl StaffClaims {
    /// The claims of NHS CIS2, with what the codes mean.
    pub fn cis2(
        role_codes: BTreeMap<String, String>,
        activity_codes: BTreeMap<String, String>,
    ) -> StaffClaims {
        StaffClaims {
            uid: "nhsid_useruid".to_owned(),
            display: "name".to_owned(),
            roles: "nhsid_nrbac_roles".to_owned(),
            chosen: "selected_roleid".to_owned(),
            role_codes,
            activity_codes,
        }
    }
}

/// How far a patient has proved who they are (NHS login: low, medium, high).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proofing {
    /// An address and a telephone that they hold.
    P0,
    /// Details that match those of one person.
    P5,
    /// A document with their picture, compared with their face.
    P9,
}

impl Proofing {
    /// The level of this name.
    pub fn named(name: &str) -> Option<Proofing> {
        match name {
            "P0" => Some(Proofing::P0),
            "P5" => Some(Proofing::P5),
            "P9" => Some(Proofing::P9),
            _ => None,
        }
    }
}

/// Who it is, by claims of which the first source that has one counts.
pub(super) fn outsider(
    trusted: &Trusted,
    sources: &[Value<'_>],
    access: &Access,
) -> Result<Outsider, Refusal> {
    match &trusted.people {
        People::Staff(claims) => staff(trusted, claims, sources),
        People::Patients { least } => patient(trusted, *least, sources, access),
    }
}

fn claim<'a>(sources: &[Value<'a>], name: &str) -> Option<Value<'a>> {
    sources.iter().find_map(|source| source.get(name))
}

fn text(sources: &[Value<'_>], name: &str) -> Option<String> {
    let text = claim(sources, name)?.as_str()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

fn staff(trusted: &Trusted, claims: &StaffClaims, sources: &[Value<'_>]) -> Result<Outsider, Refusal> {
    let uid = text(sources, &claims.uid).ok_or_else(|| no("the claims do not say who it is"))?;
    let chosen_id = text(sources, &claims.chosen);
    let (mut profiles, mut chosen) = (Vec::new(), None);
    for role in claim(sources, &claims.roles).iter().flat_map(|roles| roles.items()) {
        let Some(profile) = profile(claims, role) else { continue };
        if chosen_id.is_some() && role.str("person_roleid").as_deref() == chosen_id.as_deref() {
            chosen = Some(profiles.len());
        }
        if !profiles.contains(&profile) {
            profiles.push(profile);
        }
    }
    let display = text(sources, &claims.display).unwrap_or_else(|| uid.clone());
    Ok(Outsider { issuer: trusted.name.clone(), uid, display, profiles, chosen })
}

/// The profile of a role; nothing when its code means nothing here.
fn profile(claims: &StaffClaims, role: Value<'_>) -> Option<NewProfile> {
    let code = role.str("role_code")?.into_owned();
    let last = code.rsplit(':').next().unwrap_or_default();
    let name = claims.role_codes.get(&code).or_else(|| claims.role_codes.get(last))?;
    let codes = |name: &str| -> Vec<String> {
        let list = role.get(name).into_iter().flat_map(|list| list.items());
        list.filter_map(|code| code.as_str()).map(|code| code.into_owned()).collect()
    };
    let activities = codes("activity_codes");
    let activities = activities.iter().filter_map(|code| claims.activity_codes.get(code).cloned());
    let organisation = role.str("org_code").unwrap_or_default();
    let profile = NewProfile::new(name).at(&organisation).with_activities(activities);
    Some(profile.in_workgroups(codes("workgroups_codes")))
}

fn patient(
    trusted: &Trusted,
    least: Proofing,
    sources: &[Value<'_>],
    access: &Access,
) -> Result<Outsider, Refusal> {
    let uid = text(sources, "sub").ok_or_else(|| no("the claims do not say who it is"))?;
    let level = text(sources, "identity_proofing_level").and_then(|level| Proofing::named(&level));
    if level.is_none_or(|level| level < least) {
        let text = format!(
            "To see your record here you must first prove who you are to {}, then sign in again.",
            trusted.title
        );
        return Err(Refusal::new(Kind::Forbidden, text));
    }
    let number = text(sources, "nhs_number").ok_or_else(|| no("the claims have no NHS number"))?;
    let unknown = || Refusal::new(Kind::Forbidden, "There is no record of yours here. Ask at reception.");
    let id = patient_of(access, &number.replace(' ', ""))?.ok_or_else(unknown)?;
    let given = text(sources, "given_name").unwrap_or_default();
    let family = text(sources, "family_name").unwrap_or_default().to_uppercase();
    let display = format!("{given} {family}").trim().to_owned();
    let display = if display.is_empty() { "Patient".to_owned() } else { display };
    let profiles = vec![NewProfile::new("patient").of_patient(&id)];
    Ok(Outsider { issuer: trusted.name.clone(), uid, display, profiles, chosen: None })
}

/// The one patient with this NHS number; nothing when there is none, or more than one.
fn patient_of(access: &Access, number: &str) -> Result<Option<String>, Refusal> {
    if number.len() != 10 || !number.chars().all(|c| c.is_ascii_digit()) {
        return Ok(None);
    }
    let pairs = [("identifier".to_owned(), format!("{NHS_NUMBER}|{number}"))];
    let query = Query::parse(Some("Patient"), &pairs, Handling::Strict, access.now(), "")?;
    let scope = Scope::all();
    let found = access.store().reader(&scope)?.search(&query, &Page { count: 2, total: false })?;
    Ok(match found.matches.as_slice() {
        [only] => Some(only.id.clone()),
        _ => None,
    })
}
