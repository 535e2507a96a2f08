#![doc = include_str!("../README.md")]

mod body;
mod bundle;
mod capability;
mod config;
mod door;
mod headers;
mod listen;
mod operation;
mod pretty;
mod read;
mod request;
mod response;
mod route;
mod search;
mod skin;
mod status;
mod subset;
mod wants;
mod write;

#[cfg(test)]
mod tests;

pub use config::Config;
pub use door::{Rest, handle};
pub use request::Request;
pub use response::Response;
pub use skin::router;
