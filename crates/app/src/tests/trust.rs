//! Who sees what, over HTTP: each row of a table of cases, with a case that shows that the question can find
//! something.
//!
//! Ann and Ben are doctors of one hospital, in two teams; Cat is a doctor of another hospital. Pat has a test whose
//! result Ann's team has sealed (`o`), another that it has sealed and locked (`l`), and one that is open (`v`).

mod glass;
mod house;
mod matrix;
mod people;
mod relations;
mod sealed;
mod smart;
mod timing;
mod told;

use house::{Answer, Caller, House};
