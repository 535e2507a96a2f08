//! The service's story: a patient with a past is found and read, by people who may see different things.

mod find;
mod house;
mod long;
mod pages;
mod suites;
