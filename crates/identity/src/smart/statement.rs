//! What this server says of itself: SMART 2.2 section 6, OpenID Connect Discovery.

use super::Smart;
use fhir::Tree;

fn texts(list: &[&str]) -> Tree {
    Tree::Array(list.iter().map(|text| Tree::from(*text)).collect())
}

impl Smart {
    /// `.well-known/smart-configuration`
    pub fn configuration(&self) -> Tree {
        let capabilities = [
            "launch-standalone",
            "launch-ehr",
            "client-public",
            "client-confidential-symmetric",
            "client-confidential-asymmetric",
            "sso-openid-connect",
            "context-standalone-patient",
            "context-ehr-patient",
            "permission-offline",
            "permission-online",
            "permission-patient",
            "permission-user",
            "permission-v1",
            "permission-v2",
        ];
        self.common().with("capabilities", texts(&capabilities))
    }

    /// `.well-known/openid-configuration`
    pub fn openid_configuration(&self) -> Tree {
        self.common()
            .with("subject_types_supported", texts(&["public"]))
            .with("id_token_signing_alg_values_supported", texts(&["RS256"]))
            .with("claims_supported", texts(&["sub", "name", "fhirUser", "profile"]))
    }

    fn common(&self) -> Tree {
        let at = |path: &str| format!("{}{path}", self.origin);
        Tree::object()
            .with("issuer", self.origin.as_str())
            .with("jwks_uri", at("/jwks"))
            .with("authorization_endpoint", at("/oauth/authorize"))
            .with("token_endpoint", self.token_url())
            .with("introspection_endpoint", at("/oauth/introspect"))
            .with("revocation_endpoint", at("/oauth/revoke"))
            .with(
                "token_endpoint_auth_methods_supported",
                texts(&["none", "client_secret_basic", "client_secret_post", "private_key_jwt"]),
            )
            .with("token_endpoint_auth_signing_alg_values_supported", texts(&["RS384", "ES384"]))
            .with(
                "grant_types_supported",
                texts(&["authorization_code", "refresh_token", "client_credentials"]),
            )
            .with("response_types_supported", texts(&["code"]))
            .with("code_challenge_methods_supported", texts(&["S256"]))
            .with(
                "scopes_supported",
                texts(&[
                    "openid",
                    "fhirUser",
                    "profile",
                    "launch",
                    "launch/patient",
                    "offline_access",
                    "online_access",
                    "patient/*.rs",
                    "user/*.cruds",
                    "system/*.rs",
                ]),
            )
    }
}
