//! Where the browser finds what a page loads.

use std::collections::BTreeMap;

/// The address of each asset by its logical name: `app.css` is at `/assets/app.3f2a….css`.
#[derive(Clone, Debug, Default)]
pub struct Assets {
    addresses: BTreeMap<String, String>,
}

impl Assets {
    /// From pairs of logical name and address.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Assets {
        Assets { addresses: pairs.into_iter().collect() }
    }

    /// The address of an asset. One that is not known is asked for under its logical name, so that the answer
    /// "not found" names it.
    pub fn url(&self, logical: &str) -> String {
        self.addresses.get(logical).cloned().unwrap_or_else(|| format!("/assets/{logical}"))
    }
}
