#![doc = include_str!("../README.md")]

mod alerts;
mod answer;
mod ask;
mod kin;
mod page;
mod question;
mod review;
#[cfg(test)]
mod stories;
mod trail;
mod watch;

pub use answer::{ANSWER, Answered};
pub use ask::{ASK, Ask};

use service::{Card, Page, Permission, Service};

/// Who looked at what, for the privacy officer.
pub const SERVICE: Service = Service {
    name: "privacy",
    title: "Privacy",
    about: "Who looked at what, what is worth a look, and the questions that people ask about it.",
    pages: &[
        Page { path: "/privacy", title: "Privacy", needs: Permission::Audit, show: page::page },
        Page {
            path: "/privacy/trail",
            title: "Search the trail",
            needs: Permission::Audit,
            show: trail::page,
        },
    ],
    commands: &[&ASK, &ANSWER, &review::REVIEW, &kin::KIN],
    sections: &[],
    cards: &[Card { title: "Reviews that wait", needs: Permission::Audit, show: review::card }],
};
