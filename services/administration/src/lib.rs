#![doc = include_str!("../README.md")]

mod agreements;
mod join;
mod leave;
mod pages;
mod people;
mod sponsor;
mod workgroups;

#[cfg(test)]
mod stories;

use service::{Page, Permission, Service};

/// Everything the service is, as the catalogue lists it.
pub const SERVICE: Service = Service {
    name: "administration",
    title: "Administration",
    about: "People and their roles, teams and what they serve, agreements with other organisations.",
    pages: &[
        Page { path: "/people", title: "People", needs: Permission::Administer, show: people::page },
        Page {
            path: "/people/waiting",
            title: "Waiting for a sponsor",
            needs: Permission::Sponsor,
            show: sponsor::page,
        },
        Page {
            path: "/people/{name}",
            title: "One person",
            needs: Permission::Administer,
            show: people::one,
        },
        Page { path: "/roles", title: "Roles", needs: Permission::Administer, show: pages::roles },
        Page {
            path: "/workgroups",
            title: "Workgroups",
            needs: Permission::Administer,
            show: workgroups::page,
        },
        Page { path: "/agreements", title: "Sharing", needs: Permission::Administer, show: agreements::page },
    ],
    commands: &[
        &join::JOIN,
        &join::GAIN,
        &leave::LEAVE,
        &leave::SIGN_OUT,
        &sponsor::APPROVE,
        &sponsor::DECLINE,
        &workgroups::WORKGROUP,
        &agreements::AGREE,
        &agreements::END,
        &agreements::ASK,
    ],
    sections: &[],
    cards: &[],
};
