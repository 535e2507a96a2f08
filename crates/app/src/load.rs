//! `carespine load`, by the rules of the server's configuration.

use crate::config::Config;
use crate::serve;
use cli::Load;
use cli::load::Rules;
use record::Refusal;
use std::process::ExitCode;

/// Loads by the configuration that the command line names, with its own words on top.
pub fn load(load: &Load) -> Result<ExitCode, Refusal> {
    let rules = rules(load)?;
    if load.config.is_none() && load.validation.is_none() {
        eprintln!("Nothing is held to profiles: there is no --config that says so, and no --validation.");
    }
    cli::load::command(load, &rules)
}

fn rules(load: &Load) -> Result<Rules, Refusal> {
    let mut config = load.config.as_deref().map_or_else(|| Ok(Config::default()), Config::of_file)?;
    if let Some(data) = &load.data {
        config.data = data.clone();
    }
    let mut validation = config.rules()?;
    if let Some(policy) = load.validation {
        validation = validation.with_policy(policy);
    }
    // Without a public address, what the server's is cannot be known: then no absolute reference is our own.
    let base = config.public.as_ref().map(|public| format!("{public}/fhir")).unwrap_or_default();
    let subscriptions = serve::settings(&config, &base);
    Ok(Rules { releases: config.releases(), data: config.data, validation, subscriptions })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use cli::{Arguments, Command};
    use profile::Policy;
    use record::Place;

    const CONFIG: &str = r#"
        data = "here"
        subscriptions.hosts = ["hooks.example"]
        public = "https://care.example"
        [validation]
        policy = "warn"
        [validation.organisation.RXX]
        policy = "refuse""#;

    #[test]
    fn a_load_goes_by_the_configuration_and_its_own_words_win() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("carespine.toml");
        std::fs::write(&file, CONFIG).unwrap();
        let file = file.to_str().unwrap();
        let read = |words: &[&str]| {
            let words = [&["carespine", "load", "x.json"], words].concat();
            match Arguments::try_parse_from(words).map_err(|e| e.to_string())?.command {
                Command::Load(load) => rules(&load).map_err(|refusal| refusal.to_string()),
                _ => unreachable!("it is a load"),
            }
        };
        let plain = read(&[]).unwrap();
        assert_eq!((plain.data, plain.validation.policy), (Place::Folder("data".into()), Policy::Off));
        let set = read(&["--config", file]).unwrap();
        assert_eq!((set.data, set.validation.policy), (Place::Folder("here".into()), Policy::Warn));
        assert_eq!(set.validation.organisations["RXX"].policy, Policy::Refuse);
        assert_eq!(set.subscriptions.base, "https://care.example/fhir");
        assert!(format!("{:?}", set.subscriptions.hosts).contains("hooks.example"));
        assert_eq!(set.releases, Some(std::path::Path::new("here").join(cli::RELEASES)));
        let said = read(&["--config", file, "--validation", "off", "--data", "there"]).unwrap();
        assert_eq!((said.data, said.validation.policy), (Place::Folder("there".into()), Policy::Off));
        assert_eq!(said.validation.organisations["RXX"].policy, Policy::Off);
        assert!(read(&["--validation", "of"]).unwrap_err().contains("off, warn or refuse"));
        assert!(read(&["--config", "/not/there.toml"]).unwrap_err().contains("--config"));
    }
}
