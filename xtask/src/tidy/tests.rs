//! Each rule is shown a bad sample, which it must find, and a good one that is near to it.

use super::source::Source;
use super::*;

/// A workspace of one file.
fn file(path: &str, text: &str) -> Workspace {
    Workspace { sources: vec![Source::new(path, text)], ..Workspace::default() }
}

/// A workspace of crates: folder and what it uses; the last part of the folder is the name.
fn crates(packages: &[(&str, &[&str])]) -> Workspace {
    let package = |&(folder, uses): &(&str, &[&str])| Package {
        name: folder.rsplit('/').next().unwrap_or(folder).to_owned(),
        folder: folder.to_owned(),
        uses: uses.iter().map(|used| (*used).to_owned()).collect(),
        takes: Vec::new(),
        has_readme: true,
    };
    Workspace { packages: packages.iter().map(package).collect(), ..Workspace::default() }
}

/// The lines that a rule finds fault with.
fn lines(rule: Rule, workspace: &Workspace) -> Vec<usize> {
    rule(workspace).iter().map(|finding| finding.line).collect()
}

#[track_caller]
fn faulty(rule: Rule, workspace: &Workspace) {
    assert!(!rule(workspace).is_empty(), "the rule did not find the fault");
}

#[track_caller]
fn sound(rule: Rule, workspace: &Workspace) {
    assert_eq!(rule(workspace), []);
}

#[test]
fn a_crate_may_not_use_a_higher_floor() {
    let rule = floors::only_lower;
    faulty(rule, &crates(&[("crates/record", &["service"]), ("crates/service", &[])]));
    faulty(rule, &crates(&[("crates/rest", &["web"]), ("crates/web", &[])]));
    faulty(rule, &crates(&[("crates/service", &["chart"]), ("services/chart", &[])]));
    sound(rule, &crates(&[("crates/service", &["record", "chrono"]), ("crates/record", &[])]));
    sound(rule, &crates(&[("services/emergency", &["beds"]), ("services/beds", &[])]));
    sound(rule, &crates(&[("crates/population", &["fhir"]), ("crates/fhir", &[])]));
}

#[test]
fn a_crate_without_a_floor_is_found() {
    faulty(floors::only_lower, &crates(&[("crates/attic", &[])]));
}

#[test]
fn a_service_may_not_know_wires_and_tables() {
    for used in ["axum", "tokio", "rusqlite", "serde"] {
        faulty(floors::services_stay_pure, &crates(&[("services/beds", &[used])]));
    }
    sound(floors::services_stay_pure, &crates(&[("services/beds", &["chrono"]), ("crates/web", &["axum"])]));
}

#[test]
fn a_service_outside_the_catalogue_is_found() {
    let rule = floors::services_are_catalogued;
    let mut workspace = crates(&[("services/bed-board", &[])]);
    faulty(rule, &workspace);
    workspace.sources.push(Source::new("crates/app/src/catalogue.rs", "// bed_board::SERVICE\n"));
    faulty(rule, &workspace);
    workspace.sources[0] =
        Source::new("crates/app/src/catalogue.rs", "const ALL: &[S] = &[bed_board::SERVICE];");
    sound(rule, &workspace);
}

#[test]
fn a_file_over_500_lines_is_found() {
    faulty(lengths::files, &file("crates/fhir/src/a.rs", &"fn a() {}\n".repeat(501)));
    sound(lengths::files, &file("crates/fhir/src/a.rs", &"fn a() {}\n".repeat(500)));
}

#[test]
fn tests_and_tables_do_not_count_towards_the_length() {
    let long = "    (1, 2),\n".repeat(600);
    sound(lengths::files, &file("crates/fhir/src/tests.rs", &long));
    sound(lengths::files, &file("crates/fhir/src/tests/a.rs", &long));
    sound(lengths::files, &file("crates/fhir/src/a.rs", &format!("#[cfg(test)]\nmod tests {{\n{long}}}\n")));
    sound(
        lengths::files,
        &file("crates/fhir/src/a.rs", &format!("static T: &[(u8, u8); 3] = &[\n{long}];\n")),
    );
    faulty(lengths::files, &file("crates/fhir/src/a.rs", &format!("fn t() -> [u8; 3] {{\n{long}}}\n")));
}

#[test]
fn a_function_over_70_lines_is_found() {
    let function = |lines: usize| {
        format!("impl A {{\n    fn a(b: [u8; 4]) {{\n{}    }}\n}}\n", "    b();\n".repeat(lines))
    };
    assert_eq!(lines(lengths::functions, &file("crates/fhir/src/a.rs", &function(69))), [2]);
    sound(lengths::functions, &file("crates/fhir/src/a.rs", &function(68)));
    sound(lengths::functions, &file("crates/fhir/src/tests/a.rs", &function(69)));
    let table = format!("fn a() {{\n    const T: [u8; 90] = [\n{}    ];\n}}\n", "        1,\n".repeat(90));
    sound(lengths::functions, &file("crates/fhir/src/a.rs", &table));
}

#[test]
fn a_line_over_120_columns_is_found() {
    let line = |columns: usize| format!("fn a() {{}}\n// {}\n", "é".repeat(columns - 3));
    assert_eq!(lines(lengths::lines, &file("crates/fhir/src/a.rs", &line(121))), [2]);
    sound(lengths::lines, &file("crates/fhir/src/a.rs", &line(120)));
    sound(lengths::lines, &file("crates/fhir/src/tests/a.rs", &line(121)));
}

#[test]
fn sql_put_together_at_run_time_is_found() {
    let bad = [
        r#"fn a() { db.execute(&format!("DELETE FROM a WHERE b = {c}"), []); }"#,
        r#"fn a() { db.prepare(&["SELECT ", b].concat()); }"#,
        r#"fn a() { db.prepare_cached(&("SELECT ".to_owned() + b)); }"#,
        r#"fn a() { let mut sql = String::new(); sql.push_str(b); db.query_row(&sql, [], f); }"#,
        r#"fn a() { let sql = format!("{b} WHERE c"); db.execute_batch(&sql); }"#,
        r#"fn a() { let mut s = "a".to_owned(); s += b; db.prepare(s.as_str()); }"#,
        r#"fn a() -> String { format!("SELECT a FROM {b}") }"#,
        r#"fn a() { write!(out, "  INSERT INTO {b}"); }"#,
    ];
    for text in bad {
        faulty(sql::constant, &file("crates/record/src/a.rs", text));
    }
    let good = [
        r#"fn a() { db.execute("DELETE FROM a WHERE b = ?1", [format!("{c}")]); }"#,
        r#"fn a() { db.prepare_cached(FIND); db.execute_batch(include_str!("schema.sql")); }"#,
        r#"fn a() { statement.execute(params![a]); let mut list = a; list.push(1); b.execute((a, 2)); }"#,
        r#"fn a() { format!("Select a patient: {b}") }"#,
        r#"// format!("SELECT {a}") would be wrong"#,
    ];
    for text in good {
        sound(sql::constant, &file("crates/record/src/a.rs", text));
    }
}

#[test]
fn unwrap_outside_tests_is_found() {
    faulty(words::unwrap, &file("crates/fhir/src/a.rs", "fn a() { b().unwrap() }"));
    sound(words::unwrap, &file("crates/fhir/src/a.rs", "fn a() { b().unwrap_or(1); \".unwrap()\" }"));
    sound(
        words::unwrap,
        &file("crates/fhir/src/a.rs", "#[cfg(test)]\nmod tests { fn a() { b().unwrap() } }"),
    );
}

#[test]
fn a_drawer_is_found_as_file_folder_and_inline_module() {
    faulty(words::drawers, &file("crates/fhir/src/utils.rs", ""));
    faulty(words::drawers, &file("crates/common/src/lib.rs", ""));
    faulty(words::drawers, &file("crates/fhir/src/lib.rs", "mod helpers { }"));
    sound(words::drawers, &file("crates/fhir/src/typestate.rs", "mod types_of_food { }"));
}

#[test]
fn a_reminder_is_found() {
    for word in ["TODO", "FIXME", "XXX"] {
        faulty(words::reminders, &file("crates/fhir/src/a.rs", &format!("// {word}: later")));
    }
    sound(words::reminders, &file("crates/fhir/src/a.rs", "// TODOS is a word, and so is Xxx"));
}

#[test]
fn printing_in_a_library_is_found_and_dbg_everywhere() {
    faulty(words::printing, &file("crates/fhir/src/a.rs", "fn a() { println!(); }"));
    faulty(words::printing, &file("crates/app/src/a.rs", "fn a() { dbg!(1); }"));
    sound(words::printing, &file("crates/app/src/a.rs", "fn a() { println!(); }"));
    sound(words::printing, &file("crates/fhir/build/main.rs", "fn a() { println!(); }"));
    faulty(words::printing, &file("crates/fhir/src/build/main.rs", "fn a() { println!(); }"));
    sound(words::printing, &file("crates/fhir/build.rs", "fn a() { println!(); }"));
    sound(words::printing, &file("crates/fhir/src/tests.rs", "fn a() { println!(); }"));
}

#[test]
fn an_ignored_test_is_found() {
    faulty(
        words::ignored_tests,
        &file("crates/fhir/src/tests.rs", "#[test]\n#[ignore = \"slow\"]\nfn a() {}"),
    );
    sound(words::ignored_tests, &file("crates/fhir/src/tests.rs", "#[test]\nfn ignore() {}"));
}

#[test]
fn a_test_of_a_service_that_sleeps_is_found() {
    let text = "#[cfg(test)]\nmod tests { fn a() { thread::sleep(b); } }";
    faulty(words::sleeping_tests, &file("services/beds/src/a.rs", text));
    sound(words::sleeping_tests, &file("crates/record/src/a.rs", text));
}

#[test]
fn a_derived_format_is_found_outside_the_languages_and_doors() {
    let text = "#[derive(Clone, Serialize)]\nstruct A;";
    faulty(words::derived_formats, &file("services/beds/src/a.rs", text));
    faulty(
        words::derived_formats,
        &file("crates/record/src/a.rs", "#[derive(serde::Deserialize)]\nstruct A;"),
    );
    sound(words::derived_formats, &file("crates/rest/src/a.rs", text));
    sound(words::derived_formats, &file("services/beds/src/a.rs", "#[derive(Clone)]\nstruct Serialized;"));
}

#[test]
fn a_path_of_one_machine_is_found() {
    faulty(words::machine_paths, &file("crates/fhir/src/a.rs", "const A: &str = \"/home/anna/data\";"));
    sound(words::machine_paths, &file("crates/web/src/a.rs", "const A: &str = \"/home\";"));
}

#[test]
fn a_crate_without_a_readme_is_found() {
    let mut workspace = crates(&[("crates/fhir", &[])]);
    sound(docs::all, &workspace);
    workspace.packages[0].has_readme = false;
    faulty(docs::all, &workspace);
}

#[test]
fn a_dependency_without_a_line_is_found() {
    let mut workspace = crates(&[("crates/fhir", &[])]);
    workspace.packages[0].takes.push("memchr".to_owned());
    workspace.dependencies = "\n| memchr2 | MIT |".to_owned();
    faulty(docs::dependencies, &workspace);
    workspace.dependencies = "\n| memchr | MIT |".to_owned();
    sound(docs::dependencies, &workspace);
}

#[test]
fn a_licence_that_we_do_not_accept_is_found() {
    let with = |licence: &str| Workspace {
        licences: vec![("a".to_owned(), licence.to_owned())],
        ..Workspace::default()
    };
    for licence in ["AGPL-3.0", "MIT AND GPL-2.0", "(MIT OR Apache-2.0) AND BUSL-1.1", "not at all"] {
        faulty(licences::accepted, &with(licence));
    }
    for licence in ["MIT", "MIT/Apache-2.0", "GPL-2.0 OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0"] {
        sound(licences::accepted, &with(licence));
    }
}

#[test]
fn a_public_item_without_a_sentence_is_found() {
    for item in ["pub fn a() {}", "pub struct A;", "pub enum A {}", "pub trait A {}", "pub const A: u8 = 1;"]
    {
        faulty(docs::all, &file("crates/fhir/src/lib.rs", item));
        sound(docs::all, &file("crates/fhir/src/lib.rs", &format!("/// Says what.\n#[must_use]\n{item}")));
        sound(docs::all, &file("crates/app/src/lib.rs", item));
        sound(docs::all, &file("crates/fhir/src/lib.rs", &item.replace("pub ", "pub(crate) ")));
    }
    faulty(docs::all, &file("crates/fhir/src/lib.rs", "/// Is about b.\nfn b() {}\npub fn a() {}"));
}

#[test]
fn what_a_private_type_can_do_needs_no_sentence() {
    let with = |what: &str| {
        let text = format!("{what} A<'a>;\nimpl<'a> A<'a> {{\n    pub fn b() {{}}\n}}\n");
        file("crates/fhir/src/lib.rs", &text)
    };
    faulty(docs::all, &with("/// Is A.\npub struct"));
    sound(docs::all, &with("pub(crate) struct"));
    sound(docs::all, &with("enum"));
}

#[test]
fn only_items_that_users_can_name_need_a_sentence() {
    let files = |lib: &str, middle: &str| {
        let mut workspace = file("crates/fhir/src/lib.rs", lib);
        workspace.sources.push(Source::new("crates/fhir/src/a.rs", middle));
        workspace.sources.push(Source::new("crates/fhir/src/a/b.rs", "pub fn c() {}"));
        workspace
    };
    faulty(docs::all, &files("pub mod a;", "pub mod b;"));
    faulty(docs::all, &files("pub mod a;", "mod b;\npub use b::c;"));
    faulty(docs::all, &files("mod a;\npub use a::b::c;", "pub mod b;"));
    sound(docs::all, &files("mod a;", "pub mod b;"));
    sound(docs::all, &files("pub mod a;", "mod b;\nuse b::c;"));
}

#[test]
fn a_module_that_is_compiled_for_tests_only_is_a_test() {
    let mut workspace = file("crates/fhir/src/lib.rs", "#[cfg(test)]\nmod suites;\nmod suite;\n");
    for path in ["crates/fhir/src/suites.rs", "crates/fhir/src/suites/synthea.rs"] {
        workspace.sources.push(Source::new(path, "fn a() { b().unwrap() }"));
    }
    assert_eq!(lines(words::unwrap, &workspace).len(), 2);
    modules::mark_tests(&mut workspace.sources);
    sound(words::unwrap, &workspace);
    workspace.sources.push(Source::new("crates/fhir/src/suite.rs", "fn a() { b().unwrap() }"));
    modules::mark_tests(&mut workspace.sources);
    faulty(words::unwrap, &workspace);
}

#[test]
fn comments_and_literals_are_not_code() {
    let text = "fn a() { let b = '\"'; c(r#\"fn d() { \"#, \"\\\"}\"); /* } /* */ } */ } // }
fn e<'a>(f: &'a str) {}\n";
    let source = Source::new("crates/fhir/src/a.rs", text);
    let names: Vec<_> =
        source.functions().iter().map(|function| (function.name, source.line(function.end))).collect();
    assert_eq!(names, [("a", 1), ("e", 2)]);
}
