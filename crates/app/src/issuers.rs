//! Issuers at which people can sign in, as the configuration names them.

use identity::jose::Algorithm;
use identity::{People, Proof, Proofing, StaffClaims, Trusted};
use record::Refusal;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// An issuer, as `[[issuers]]` names it.
#[derive(Clone, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Outside {
    /// Its short name: small letters and digits.
    pub name: String,
    /// What its button says after "Sign in with".
    pub title: String,
    /// Its identifier, to the letter.
    pub issuer: String,
    /// What this installation is called there.
    pub client: String,
    /// The secret shared with it; or `signed`.
    pub secret: Option<String>,
    /// The algorithm to sign our own word with, `ES384`, `RS256`, `RS384` or `RS512`, in the place of a secret.
    pub signed: Option<String>,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// Further parameters of the request.
    pub parameters: BTreeMap<String, String>,
    /// For patients: what they must have proved, `P0`, `P5` or `P9`. Without it, it is for staff.
    pub patients: Option<String>,
    /// For staff: the claims with who it is, their name, their roles, and the one that they chose; those of CIS2 when
    /// nothing is said.
    pub claims: Option<Claims>,
    /// For staff: roles by code.
    pub roles: BTreeMap<String, String>,
    /// For staff: activities by code.
    pub activities: BTreeMap<String, String>,
}

/// Names of claims.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Who it is.
    pub uid: String,
    /// The name to show.
    pub display: String,
    /// The list of roles.
    pub roles: String,
    /// The one that was chosen.
    pub chosen: String,
}

/// Without the secret, so that it gets into no log.
impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl Outside {
    /// The issuer, or what is wrong with it.
    pub fn trusted(&self) -> Result<Trusted, Refusal> {
        let wrong = |at: &str, text: &str| Refusal::invalid(at, format!("Issuer {:?}: {text}", self.name));
        let proof = match (&self.secret, &self.signed) {
            (Some(secret), None) => Proof::Secret(secret.clone()),
            (None, Some(name)) => {
                let algorithm =
                    Algorithm::named(name).ok_or_else(|| wrong("signed", "no such algorithm."))?;
                Proof::Signed(algorithm)
            }
            _ => return Err(wrong("secret", "give either secret or signed.")),
        };
        let people = match &self.patients {
            Some(level) => {
                let least = Proofing::named(level).ok_or_else(|| wrong("patients", "say P0, P5 or P9."))?;
                People::Patients { least }
            }
            None => {
                for name in self.roles.values() {
                    if access::Role::named(name).is_none_or(|role| role.name == "system") {
                        return Err(wrong("roles", &format!("{name:?} is no role for a person.")));
                    }
                }
                let mut claims = StaffClaims::cis2(self.roles.clone(), self.activities.clone());
                if let Some(names) = self.claims.clone() {
                    (claims.uid, claims.display) = (names.uid, names.display);
                    (claims.roles, claims.chosen) = (names.roles, names.chosen);
                }
                People::Staff(claims)
            }
        };
        Ok(Trusted {
            name: self.name.clone(),
            title: self.title.clone(),
            issuer: self.issuer.clone(),
            client: self.client.clone(),
            proof,
            scopes: self.scopes.clone(),
            parameters: self.parameters.clone().into_iter().collect(),
            people,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Outside;
    use identity::People;

    const CIS2: &str = r#"name = "cis2"
        title = "Care Identity"
        issuer = "https://issuer.example"
        client = "carespine"
        signed = "RS512"
        scopes = ["nationalrbacaccess"]
        roles = { R8000 = "doctor" }
        activities = { B0083 = "sponsor" }"#;

    #[test]
    fn an_issuer_is_read_from_the_configuration() {
        let issuer: Outside = toml::from_str(CIS2).unwrap();
        let People::Staff(claims) = issuer.trusted().unwrap().people else { panic!("staff") };
        assert_eq!((claims.uid.as_str(), claims.role_codes["R8000"].as_str()), ("nhsid_useruid", "doctor"));
        for (from, to) in [
            ("\"RS512\"", "\"HS256\""),
            ("signed = \"RS512\"", ""),
            ("\"doctor\"", "\"king\""),
            ("\"doctor\"", "\"system\""),
            ("roles =", "patients = \"P7\"\n        roles ="),
        ] {
            let issuer: Outside = toml::from_str(&CIS2.replace(from, to)).unwrap();
            assert!(issuer.trusted().is_err(), "{to}");
        }
    }
}
