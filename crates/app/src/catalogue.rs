//! The services of this installation. A folder in `services/` that is not here fails `cargo xtask tidy`.

use service::Catalogue;

/// Every service.
pub static CATALOGUE: Catalogue = Catalogue {
    services: &[
        &chart::SERVICE,
        &consent::SERVICE,
        &relationships::SERVICE,
        &privacy::SERVICE,
        &administration::SERVICE,
        &apps::SERVICE,
    ],
};
