//! `carespine demo`: a health service of invented people, made in seconds and served on this machine only.

mod forms;
mod history;

use crate::config::Config;
use crate::serve;
use access::relationship::{Rule, set_rule};
use access::{Access, NewProfile, NewUser, Profile, Session, Workgroup, set_workgroup};
use cli::Demo;
use fhir::Instant;
use fhir::search::{Handling, Query};
use population::Plan;
use record::{Kind, Options, Refusal, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Instant as Stopwatch;

/// One password for all accounts of the demonstration. It guards nothing: every person in it is invented, and
/// it is served on this machine only.
const PASSWORD: &str = "demonstration";
/// Accounts that may approve others' accounts and role profiles.
const SPONSORS: [&str; 2] = ["consultant", "admin"];
/// The day that the demonstration's history runs up to. Fixed, so that the same seed gives the same data.
const UNTIL: &str = "2026-11-24T09:00:00Z";

/// Makes the demonstration's record if it is not there, and serves it.
pub fn demo(demo: &Demo) -> Result<(), Refusal> {
    let started = Stopwatch::now();
    let config = Config {
        data: demo.data.clone(),
        listen: demo.listen.clone(),
        log: "warn".into(),
        ..Config::default()
    };
    serve::start_log(&config)?;
    let address = config.address()?;
    let clock = Simulated::default();
    let told = clock.clone();
    let options = Options { clock: Arc::new(move || told.now()), ..Options::default() };
    let access = Access::open(Store::open(&demo.data, options)?)?;
    make(&access, demo, &clock)?;
    if demo.only_make {
        return Ok(());
    }
    let accounts = access.users()?;
    serve::run(&config, access, address, |address| {
        println!(
            "\nReady after {:.1} s.\n\n  page   http://{address}/\n  FHIR   http://{address}/fhir\n",
            started.elapsed().as_secs_f64()
        );
        println!("Sign in with any of these, password: {PASSWORD}\n");
        for account in accounts {
            let titles: Vec<String> = account.profiles.iter().map(Profile::title).collect();
            println!("  {:<14} {} ({})", account.name, account.display, titles.join("; "));
        }
        println!("\nA token for scripts: carespine token --data {} --role doctor", demo.data);
        println!("Everyone in it is invented. Stop with Ctrl-C.");
    })
}

/// A clock that shows a past day while history is made, and the time of day afterwards.
#[derive(Clone, Default)]
pub(crate) struct Simulated(Arc<AtomicI64>);

impl Simulated {
    fn now(&self) -> Instant {
        match self.0.load(Relaxed) {
            0 => Instant::now(),
            past => Instant(past),
        }
    }

    pub(crate) fn show(&self, at: Instant) {
        self.0.store(at.0, Relaxed);
    }

    pub(crate) fn follow_the_machine(&self) {
        self.0.store(0, Relaxed);
    }
}

/// Fills an empty record. One that holds this demonstration already is left as it is; one that holds another is
/// refused.
fn make(access: &Access, demo: &Demo, clock: &Simulated) -> Result<(), Refusal> {
    let mark = format!("seed {}, {} people, up to {UNTIL}", demo.seed, demo.people);
    let scope = record::Scope::all();
    match access.store().reader(&scope)?.kept("demo", "made")? {
        Some(made) if made == mark.as_bytes() => return Ok(()),
        Some(made) => {
            let text = format!(
                "{} holds a demonstration of {}. Name another place with --data, or remove it.",
                demo.data,
                String::from_utf8_lossy(&made)
            );
            return Err(Refusal::new(Kind::Conflict, text));
        }
        None => {}
    }
    let until = Instant::parse(UNTIL).expect("the constant is an instant");
    let plan = Plan { seed: demo.seed, people: demo.people, until };
    // From the first write on: instants never go back along the log.
    clock.show(history::start(&plan));
    let session = access.bearer(&access.mint_token("system", access::TOKEN_MINUTES)?)?;
    history::make(access, &session, &plan, clock)?;
    clock.follow_the_machine();
    for account in plan.accounts() {
        let profile = NewProfile::new(&account.role).at(account.organisation_code).place(&account.place);
        let profile = profile.in_workgroups(account.workgroups);
        let extra = SPONSORS.contains(&account.name.as_str()).then_some("sponsor");
        let profile = profile.with_activities(extra);
        access.add_user(&NewUser::new(&account.name, &account.display, profile, PASSWORD))?;
    }
    teams(access, &session, &plan)?;
    let accounts = plan.accounts();
    let hospital = accounts.iter().find(|account| account.role == "administrator");
    let hospital = hospital.map_or("", |account| account.organisation_code);
    let officer = NewProfile::new("privacy-officer").at(hospital).place("Information governance");
    access.add_user(&NewUser::new("privacy", "Ms Imogen Fairweather", officer, PASSWORD))?;
    access
        .store()
        .write(session.author("demo.make", None), move |tx| tx.keep("demo", "made", mark.as_bytes(), None))
}

/// Sets up the teams of the wards, which serve their wards and beds; and lets nurses of the hospital open the records
/// of those whom their team cares for, and no others without saying why.
fn teams(access: &Access, session: &Session, plan: &Plan) -> Result<(), Refusal> {
    let reader = access.store().reader(&record::Scope::all())?;
    let (mut teams, mut rules) = (Vec::new(), Vec::new());
    for account in plan.accounts() {
        let Some(ward) = &account.location else { continue };
        let within = [("partof".to_owned(), format!("Location/{ward}"))];
        let query = Query::parse(Some("Location"), &within, Handling::Strict, access.now(), "")?;
        let beds = reader.search(&query, &record::Page { count: record::COUNT_MAX, total: false })?.matches;
        let serves =
            beds.iter().map(|bed| &bed.id).chain([ward]).map(|id| format!("Location/{id}")).collect();
        let organisation = account.organisation_code.to_owned();
        let (name, title) = (account.workgroups[0].clone(), account.place.clone());
        teams.push(Workgroup { name, title, organisation: organisation.clone(), serves });
        if account.role == "nurse" {
            rules.push(Rule { organisation, role: account.role, from: Instant(0), until: None });
        }
    }
    let of = session.clone();
    access.store().write(session.author("demo.make", None), move |tx| {
        teams.iter().try_for_each(|team| set_workgroup(tx, &of, team))?;
        rules.iter().try_for_each(|rule| set_rule(tx, &of, rule))
    })?;
    while service::relationship::settle_changed(access)? {}
    Ok(())
}
