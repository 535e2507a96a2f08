//! `cargo xtask assets`: makes what the browser loads, in `target/assets`, from `assets/` and npm packages.
//!
//! Every file gets a name with a hash of its content, so that browsers may keep it for ever, and the text
//! files a `.gz` beside them. `manifest.txt` says which is which: logical name, file name and content type,
//! with tabs between, one file a line. The web crate embeds the folder when it is built. The folder is in
//! `target/` of the checkout also when `CARGO_TARGET_DIR` points elsewhere, so that build scripts find it.

use crate::{shell, workspace};
use std::fs;
use std::path::{Path, PathBuf};

const FONTS: &str = "node_modules/@fontsource-variable/inter";
const NHSUK: &str = "node_modules/nhsuk-frontend/dist/nhsuk/assets/images";
const MANIFEST: &str = "manifest.txt";
const STAMP: &str = "stamp.txt";
/// The files that a change of the outcome can come from; npm's lock stands for the packages.
const INPUTS: [&str; 6] =
    ["package.json", "package-lock.json", "nhsuk-frontend.scss", "app.css", "app.js", "icon.svg"];

pub fn run() -> Result<(), String> {
    let source = workspace::root().join("assets");
    let outcome = workspace::root().join("target/assets");
    let stamp = stamp(&source)?;
    if fs::read_to_string(outcome.join(STAMP)).is_ok_and(|last| last == stamp) {
        println!("assets: nothing has changed");
        return Ok(());
    }
    install(&source)?;
    let files = build(&source)?;
    write_all(&files, &stamp, &outcome)?;
    println!("assets: {} files in {}", files.len(), outcome.display());
    Ok(())
}

/// Fetches the packages of a folder exactly as its lock file says, and runs none of their scripts.
pub fn install(folder: &Path) -> Result<(), String> {
    let folder = folder.to_str().ok_or("The path of the checkout is not UTF-8")?;
    shell::run("npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder])
}

struct Asset {
    logical: String,
    named: String,
    kind: &'static str,
    bytes: Vec<u8>,
}

impl Asset {
    fn new(logical: &str, bytes: Vec<u8>) -> Result<Asset, String> {
        let (stem, ending) =
            logical.rsplit_once('.').ok_or_else(|| format!("{logical} has no file ending"))?;
        let kind = match ending {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "txt" => "text/plain; charset=utf-8",
            "svg" => "image/svg+xml",
            "woff2" => "font/woff2",
            _ => {
                return Err(format!("{logical}: say in xtask/src/assets.rs what content type .{ending} has"));
            }
        };
        let named = format!("{stem}.{:016x}.{ending}", hash(&bytes));
        Ok(Asset { logical: logical.to_owned(), named, kind, bytes })
    }
}

/// All assets; what others refer to comes first, as its hashed name goes into them.
fn build(source: &Path) -> Result<Vec<Asset>, String> {
    let mut files = Vec::new();
    files.push(Asset::new("icon.svg", read(&source.join("icon.svg"))?)?);
    files.push(Asset::new("inter-licence.txt", read(&source.join(FONTS).join("LICENSE"))?)?);
    let fonts = fonts(source, &mut files)?;
    files.push(Asset::new("inter.css", fonts.into_bytes())?);
    let nhsuk = nhsuk(source, &mut files)?;
    files.push(Asset::new("nhsuk-frontend.css", nhsuk.into_bytes())?);
    files.push(Asset::new("app.css", read(&source.join("app.css"))?)?);
    files.push(Asset::new("app.js", read(&source.join("app.js"))?)?);
    Ok(files)
}

/// The `@font-face` rules of Inter for the Latin scripts, and the two font files they name.
fn fonts(source: &Path, files: &mut Vec<Asset>) -> Result<String, String> {
    let sheet = read_text(&source.join(FONTS).join("wght.css"))?;
    let mut kept = String::new();
    for script in ["latin-ext", "latin"] {
        let name = format!("inter-{script}-wght-normal");
        let file = Asset::new(
            &format!("{name}.woff2"),
            read(&source.join(FONTS).join(format!("files/{name}.woff2")))?,
        )?;
        let rule = sheet.split_once(&format!("/* {name} */")).and_then(|(_, rest)| rest.split_once('}'));
        let (rule, _) =
            rule.ok_or_else(|| format!("wght.css of @fontsource-variable/inter has no rule {name}"))?;
        kept.push_str(&rule.replace(&format!("./files/{name}.woff2"), &file.named));
        kept.push_str("}\n");
        files.push(file);
    }
    Ok(kept)
}

/// The style sheet of NHS.UK compiled with our settings, and the pictures it names.
fn nhsuk(source: &Path, files: &mut Vec<Asset>) -> Result<String, String> {
    let (sass, modules, scss) = (
        source.join("node_modules/sass/sass.js"),
        source.join("node_modules"),
        source.join("nhsuk-frontend.scss"),
    );
    let arguments = [
        sass.display().to_string(),
        format!("--load-path={}", modules.display()),
        "--style=compressed".to_owned(),
        "--no-source-map".to_owned(),
        "--no-charset".to_owned(),
        scss.display().to_string(),
    ];
    let mut sheet = shell::capture("node", &arguments.each_ref().map(String::as_str))?;
    for picture in pictures(&sheet) {
        let file = Asset::new(&picture, read(&source.join(NHSUK).join(&picture))?)?;
        sheet = sheet.replace(&format!("/assets/images/{picture}"), &file.named);
        files.push(file);
    }
    match sheet.find("://") {
        Some(at) => {
            Err(format!("nhsuk-frontend.css names another host: {:.80}", &sheet[at.saturating_sub(20)..]))
        }
        None => Ok(sheet),
    }
}

/// The names of the pictures that a sheet asks for, each once.
fn pictures(sheet: &str) -> Vec<String> {
    let mut names: Vec<String> = sheet
        .split("/assets/images/")
        .skip(1)
        .filter_map(|rest| rest.split(['"', '\'', ')']).next())
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Writes a whole new folder and puts it in the old one's place, so that a build never meets half of one.
fn write_all(files: &[Asset], stamp: &str, outcome: &Path) -> Result<(), String> {
    let fresh = outcome.with_extension("new");
    remove(&fresh)?;
    fs::create_dir_all(&fresh).map_err(|e| could_not("create", &fresh, &e))?;
    let mut manifest = String::new();
    for file in files {
        let path = fresh.join(&file.named);
        write(&path, &file.bytes)?;
        if !file.named.ends_with(".woff2") {
            let path = path.to_str().ok_or("The path of the checkout is not UTF-8")?;
            shell::run("gzip", &["-9", "-n", "-k", "-f", path])?;
        }
        manifest.push_str(&format!("{}\t{}\t{}\n", file.logical, file.named, file.kind));
    }
    write(&fresh.join(MANIFEST), manifest.as_bytes())?;
    write(&fresh.join(STAMP), stamp.as_bytes())?;
    remove(outcome)?;
    fs::rename(&fresh, outcome).map_err(|e| could_not("replace", outcome, &e))
}

fn remove(folder: &Path) -> Result<(), String> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(could_not("remove", folder, &e)),
        _ => Ok(()),
    }
}

/// A hash over everything the outcome depends on, this file included.
fn stamp(source: &Path) -> Result<String, String> {
    let mut all = include_bytes!("assets.rs").to_vec();
    for name in INPUTS {
        all.extend(read(&source.join(name))?);
    }
    Ok(format!("{:016x}", hash(&all)))
}

/// FNV-1a, 64 bits: tells versions of our own files apart; nothing here needs to withstand an attacker.
fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |sum, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|e| could_not("read", path, &e))
}

fn read_text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| could_not("read", path, &e))
}

fn write(path: &PathBuf, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|e| could_not("write", path, &e))
}

fn could_not(what: &str, path: &Path, error: &std::io::Error) -> String {
    format!("Could not {what} {}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_asked_for_twice_is_copied_once() {
        let sheet =
            r#"a{b:url("/assets/images/x.svg")}c{d:url("/assets/images/x.svg");e:url(/assets/images/y.svg)}"#;
        assert_eq!(pictures(sheet), ["x.svg", "y.svg"]);
    }

    #[test]
    fn the_name_changes_with_the_content() {
        let name = |text: &str| Asset::new("app.css", text.into()).expect("css is known").named;
        assert_eq!(name("a"), name("a"));
        assert_ne!(name("a"), name("b"));
        assert!(name("a").starts_with("app.") && name("a").ends_with(".css"));
    }
}
