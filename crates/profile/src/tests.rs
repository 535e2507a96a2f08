//! Small definitions made here, and the public suites.

mod made;
