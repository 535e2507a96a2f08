#![doc = include_str!("../README.md")]

mod end;
mod page;
mod register;

#[cfg(test)]
mod stories;

use service::{Page, Permission, Service};

/// Everything the service is, as the catalogue lists it.
pub const SERVICE: Service = Service {
    name: "apps",
    title: "Apps",
    about: "Apps of others that people may let in, and programs that act as themselves.",
    pages: &[Page { path: "/apps", title: "Apps", needs: Permission::Administer, show: page::page }],
    commands: &[&register::REGISTER, &end::END],
    sections: &[],
    cards: &[],
};
