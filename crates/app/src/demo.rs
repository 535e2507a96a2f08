//! `carespine demo`: a health service of invented people, made in seconds and served on this machine only.

use crate::config::Config;
use crate::serve;
use access::{Access, NewUser, Session};
use cli::Demo;
use fhir::{Instant, Json, Limits};
use indicatif::{ProgressBar, ProgressStyle};
use population::Plan;
use record::{Kind, Options, Refusal, Store};
use service::interaction::{self, Caller};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant as Stopwatch;

/// One password for all accounts of the demonstration. It guards nothing: every person in it is invented, and
/// it is served on this machine only.
const PASSWORD: &str = "demonstration";
/// The day that the demonstration's history runs up to. Fixed, so that the same seed gives the same data.
const UNTIL: &str = "2026-11-24T09:00:00Z";
/// People that one thread files in one commit.
const BATCH: usize = 8;

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
    let access = Access::open(Store::open(&demo.data, Options::default())?)?;
    make(&access, demo)?;
    if demo.only_make {
        return Ok(());
    }
    serve::run(&config, access.clone(), address, |address| {
        println!(
            "\nReady after {:.1} s.\n\n  page   http://{address}/\n  FHIR   http://{address}/fhir\n",
            started.elapsed().as_secs_f64()
        );
        println!("Sign in with any of these, password: {PASSWORD}\n");
        for account in access.users().unwrap_or_default() {
            println!("  {:<14} {} ({})", account.name, account.display, account.role.title);
        }
        println!("\nA token for scripts: carespine token --data {} --role doctor", demo.data.display());
        println!("Everyone in it is invented. Stop with Ctrl-C.");
    })
}

/// Fills an empty record. One that holds this demonstration already is left as it is; one that holds another is
/// refused.
fn make(access: &Access, demo: &Demo) -> Result<(), Refusal> {
    let mark = format!("seed {}, {} people, up to {UNTIL}", demo.seed, demo.people);
    let scope = record::Scope::all();
    match access.store().reader(&scope)?.kept("demo", "made")? {
        Some(made) if made == mark.as_bytes() => return Ok(()),
        Some(made) => {
            let text = format!(
                "{} holds a demonstration of {}. Name another folder with --data, or remove it.",
                demo.data.display(),
                String::from_utf8_lossy(&made)
            );
            return Err(Refusal::new(Kind::Conflict, text));
        }
        None => {}
    }
    let until = Instant::parse(UNTIL).expect("the constant is an instant");
    let plan = Plan { seed: demo.seed, people: demo.people, until };
    let session = access.bearer(&access.mint_token("system", access::TOKEN_MINUTES)?)?;
    for bundle in plan.places() {
        file(access, &session, &[bundle])?;
    }
    people(access, &session, &plan)?;
    for account in plan.accounts() {
        access.add_user(&NewUser {
            name: account.name,
            display: account.display,
            role: account.role,
            place: account.place,
            password: PASSWORD.into(),
        })?;
    }
    access
        .store()
        .write(session.author("demo.make", None), move |tx| tx.keep("demo", "made", mark.as_bytes(), None))
}

/// Makes and files the people, on as many threads as the machine has.
fn people(access: &Access, session: &Session, plan: &Plan) -> Result<(), Refusal> {
    let style = ProgressStyle::with_template("Making people [{bar:30}] {pos}/{len}, {eta} left")
        .expect("the template is a constant");
    let bar = ProgressBar::new(plan.people as u64).with_style(style.progress_chars("=> "));
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from) + 1;
    let work = || -> Result<(), Refusal> {
        loop {
            let first = next.fetch_add(BATCH, Relaxed);
            if first >= plan.people {
                return Ok(());
            }
            let last = (first + BATCH).min(plan.people);
            let bundles: Vec<String> = (first..last).map(|index| plan.person(index)).collect();
            file(access, session, &bundles)?;
            bar.inc((last - first) as u64);
        }
    };
    let outcome = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err(Refusal::new(Kind::Fault, "Making the people failed.")))
        })
    });
    bar.finish_and_clear();
    outcome
}

fn file(access: &Access, session: &Session, bundles: &[String]) -> Result<(), Refusal> {
    let caller = Caller::new(access, session, "");
    let parse = |text: &String| {
        Json::parse(text.as_str(), Limits::FILE)
            .map_err(|e| Refusal::new(Kind::Fault, format!("An invented bundle is wrong: {e}")))
    };
    let documents = bundles.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    let mut items = Vec::new();
    for document in &documents {
        items.extend(interaction::items(document)?);
    }
    interaction::load_whole(&caller, &items).map(|_| ())
}
