//! The door over HTTP, without a socket: a small hospital, browsers that keep cookies, and every rule.

mod commands;
mod house;
mod owed;
mod pages;
mod refusals;
mod sessions;
mod sweeps;
