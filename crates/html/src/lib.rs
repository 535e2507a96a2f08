#![doc = include_str!("../README.md")]

mod age;
mod assets;
mod banner;
mod chart;
mod form;
mod frame;
mod icon;
mod medicine;
mod name;
mod nhs_number;
mod number;
mod page;
mod quantity;
mod record;
mod table;
mod when;

pub use age::{age, age_at_death};
pub use assets::Assets;
pub use banner::{Allergies, Allergy, Banner, Contact, Died, Location, banner};
pub use chart::{Band, Point, Pressure, Trend, pressures, sparkline, trend};
pub use form::{
    Choice, Field, Problem, csrf_field, date_time_field, error_summary, filters, search_field, select_field,
    text_field,
};
pub use frame::{AsAt, Frame, Nav, PRODUCT, Who, frame};
pub use icon::{Icon, icon};
pub use maud::{Markup, PreEscaped, Render, html};
pub use medicine::{Dose, MedicineLine};
pub use name::PersonName;
pub use nhs_number::{NhsNumber, NotAnNhsNumber};
pub use number::{count, number};
pub use page::{
    Action, Card, Notice, Tone, card, empty, facts, missing, notice, page_head, pagination, showing, tag,
};
pub use quantity::{Flag, Reference, ResultLine};
pub use record::{
    Entry, Group, PersonLine, Section, Sidenav, born_and_number, person_in_list, sidenav, timeline,
};
pub use table::{Column, Table, table};
pub use when::{When, clock, duration, local_input, parse_local};

#[cfg(test)]
mod tests;
