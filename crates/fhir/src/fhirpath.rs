//! FHIRPath: parser, compiler against the tables, evaluator over the tape.
