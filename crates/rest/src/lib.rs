#![doc = include_str!("../README.md")]

mod binary;
mod body;
mod bundle;
mod capability;
mod config;
mod door;
mod format;
mod headers;
mod later;
mod listen;
mod oauth;
mod openapi;
mod operation;
mod pretty;
mod read;
mod request;
mod response;
mod route;
mod search;
mod skin;
mod status;
mod stream;
mod subset;
mod trail;
mod wants;
mod write;

#[cfg(test)]
mod tests;

pub use config::Config;
pub use door::{Rest, handle};
pub use request::Request;
pub use response::Response;
pub use skin::router;
