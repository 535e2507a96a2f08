//! Stories of people who sign in, stay too long, try too often, and programs with tokens.

mod factors;
mod outside;
mod passkeys;
mod profiles;
mod staff;

use crate::{
    Access, Clock, Ends, Entered, IDLE_MINUTES, Mandate, NewProfile, NewUser, Permission, Role,
    SESSION_HOURS, Session, SignedIn, Standing, roles,
};
use fhir::Tree;
use record::{AuditRow, Instant, Kind, Options, Place, Reach, Refusal, Scope, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use testbed::Home;

const PASSWORD: &str = "three odd words";
const DESK: &str = "10.1.2.3";
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// A record in a place of its own, with a clock that the test moves.
struct House {
    access: Access,
    clock: Arc<AtomicI64>,
    home: Home,
}

impl House {
    fn new() -> House {
        let home = Home::new();
        let options = Options { durable: false, ..Options::default() };
        let store = Store::open(home.place().parse::<Place>().unwrap(), options).unwrap();
        let clock = Arc::new(AtomicI64::new(store.now().0));
        House { access: Access::with_clock(store, clock_of(&clock)).unwrap(), clock, home }
    }

    /// The same house with a doctor in it.
    fn staffed() -> House {
        let house = House::new();
        house.hire("a.okafor", "doctor");
        house
    }

    fn hire(&self, name: &str, role: &str) {
        let user = NewUser::new(name, "Dr A OKAFOR", NewProfile::new(role).place("Ash ward"), PASSWORD);
        self.access.add_user(&user).unwrap();
    }

    fn hire_and_sign_in(&self, name: &str, role: &str) -> Session {
        self.hire(name, role);
        self.access.sign_in(name, PASSWORD, DESK).unwrap().session
    }

    /// All that is kept: the files of the folder, or the rows of the database.
    fn kept(&self) -> Vec<Vec<u8>> {
        let Some(database) = self.home.database() else {
            let files = std::fs::read_dir(self.home.folder()).unwrap().map(|file| file.unwrap().path());
            return files.filter(|path| path.is_file()).map(|path| std::fs::read(path).unwrap()).collect();
        };
        let tables = "SELECT format('SELECT t::text FROM %I t;', tablename) FROM pg_tables
                      WHERE schemaname = 'public'";
        let rows = database.sql(tables).unwrap();
        vec![database.sql(&format!("SET bytea_output = 'escape'; {rows}")).unwrap().into_bytes()]
    }

    fn sign_in(&self) -> SignedIn {
        self.access.sign_in("a.okafor", PASSWORD, DESK).unwrap()
    }

    fn take(&self, cookie: &str, profile: &str) -> SignedIn {
        match self.access.take_profile(cookie, profile, DESK).unwrap() {
            Entered::SignedIn(signed_in) => signed_in,
            Entered::Owing { owing, .. } => panic!("{:?} is owed", owing.owed),
        }
    }

    fn later(&self, milliseconds: i64) {
        self.clock.fetch_add(milliseconds, Ordering::SeqCst);
    }

    fn stands(&self, cookie: &str) -> &'static str {
        match self.access.session(cookie).unwrap() {
            Standing::SignedIn(_) => "signed in",
            Standing::Locked(_) => "locked",
            Standing::Owing(_) => "owing",
            Standing::Nobody => "nobody",
        }
    }

    /// A second process on the same record: another gate, with nothing in memory.
    fn other_process(&self) -> Access {
        let options = Options { durable: false, readers: 1, ..Options::default() };
        let store = Store::open(self.home.place().parse::<Place>().unwrap(), options).unwrap();
        Access::with_clock(store, clock_of(&self.clock)).unwrap()
    }

    fn trail(&self) -> Vec<AuditRow> {
        let reader = self.access.store().reader(&Scope::all()).unwrap();
        let mut rows = reader.audit(None, 100).unwrap();
        rows.sort_by_key(|row| row.seq);
        rows
    }

    fn acts(&self, who: &str) -> Vec<String> {
        self.trail().into_iter().filter(|row| row.who == who).map(|row| row.action).collect()
    }
}

fn clock_of(clock: &Arc<AtomicI64>) -> Clock {
    let clock = clock.clone();
    Arc::new(move || Instant(clock.load(Ordering::SeqCst)))
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> Refusal {
    outcome.expect_err("this must be refused")
}

#[test]
fn someone_who_knows_the_password_gets_a_session_of_their_role() {
    let house = House::staffed();
    let SignedIn { cookie, session } = house.sign_in();
    assert_eq!((session.who.as_str(), session.display.as_str()), ("a.okafor", "Dr A OKAFOR"));
    assert_eq!((session.role.name.as_str(), session.place.as_str()), ("doctor", "Ash ward"));
    let Standing::SignedIn(again) = house.access.session(&cookie).unwrap() else { panic!("signed in") };
    assert_eq!((again.id, again.csrf), (session.id, session.csrf));
    assert!(house.access.sign_in("  A.Okafor ", PASSWORD, DESK).is_ok(), "case and blanks do not matter");
}

#[test]
fn a_cookie_that_was_not_given_out_is_nobody() {
    let house = House::staffed();
    let cookie = house.sign_in().cookie;
    for guess in ["", "x", &cookie[1..], &cookie.to_uppercase()] {
        assert_eq!(house.stands(guess), "nobody", "{guess:?}");
    }
}

#[test]
fn each_sign_in_has_a_new_cookie_and_form_token() {
    let house = House::staffed();
    let (first, second) = (house.sign_in(), house.sign_in());
    assert_ne!(first.cookie, second.cookie);
    assert_ne!(first.session.csrf, second.session.csrf);
    assert_ne!(first.session.id, second.session.id);
}

#[test]
fn an_idle_session_locks_and_stays_locked_until_the_password_is_given() {
    let house = House::staffed();
    let cookie = house.sign_in().cookie;
    house.later(IDLE_MINUTES * MINUTE - 1);
    assert_eq!(house.stands(&cookie), "signed in");
    house.later(IDLE_MINUTES * MINUTE - 1);
    assert_eq!(house.stands(&cookie), "signed in", "each request counts as activity");
    house.later(IDLE_MINUTES * MINUTE);
    assert_eq!(house.stands(&cookie), "locked");
    assert_eq!(house.stands(&cookie), "locked", "asking is no activity");

    assert_eq!(refused(house.access.unlock(&cookie, "wrong", DESK)).kind, Kind::Unauthenticated);
    assert_eq!(house.stands(&cookie), "locked");
    let fresh = house.access.unlock(&cookie, PASSWORD, DESK).unwrap();
    assert_ne!(fresh.cookie, cookie);
    assert_eq!((house.stands(&fresh.cookie), house.stands(&cookie)), ("signed in", "nobody"));
}

#[test]
fn a_session_goes_on_through_another_node_and_after_a_restart() {
    let house = House::staffed();
    let cookie = house.sign_in().cookie;
    let other = house.other_process();
    // Active on the other node only, it locks on neither.
    for _ in 0..4 {
        house.later(10 * MINUTE);
        assert!(matches!(other.session(&cookie).unwrap(), Standing::SignedIn(_)));
    }
    assert_eq!(house.stands(&cookie), "signed in");
    // Idle on both, it locks on both, and also on one that has just been started.
    house.later(IDLE_MINUTES * MINUTE);
    assert!(matches!(house.other_process().session(&cookie).unwrap(), Standing::Locked(_)));
    assert_eq!(house.stands(&cookie), "locked");
    assert!(matches!(other.session(&cookie).unwrap(), Standing::Locked(_)));
    let fresh = other.unlock(&cookie, PASSWORD, DESK).unwrap().cookie;
    house.later(1_000);
    assert_eq!((house.stands(&fresh), house.stands(&cookie)), ("signed in", "nobody"));
}

#[test]
fn a_session_ends_after_half_a_day_however_busy() {
    let house = House::staffed();
    let cookie = house.sign_in().cookie;
    for _ in 0..SESSION_HOURS * 6 - 1 {
        house.later(10 * MINUTE);
        assert_eq!(house.stands(&cookie), "signed in");
    }
    house.later(10 * MINUTE);
    assert_eq!(house.stands(&cookie), "nobody");
    let refusal = refused(house.access.unlock(&cookie, PASSWORD, DESK));
    assert_eq!(refusal.kind, Kind::Unauthenticated, "an ended session cannot be unlocked");
}

#[test]
fn a_sign_out_counts_at_once_and_for_good() {
    let house = House::staffed();
    let (mine, other) = (house.sign_in().cookie, house.sign_in().cookie);
    house.access.sign_out(&mine).unwrap();
    assert_eq!(house.stands(&mine), "nobody");
    assert!(matches!(house.other_process().session(&mine).unwrap(), Standing::Nobody));
    assert_eq!(house.stands(&other), "signed in");
    house.access.sign_out(&mine).unwrap();
}

#[test]
fn whatever_changes_an_account_ends_its_sessions() {
    type Change = fn(&Access) -> Result<(), Refusal>;
    let changes: [(&str, Change); 4] = [
        ("password", |access| access.set_password("a.okafor", "four more odd words")),
        ("role", |access| access.set_profile("a.okafor", "1", &NewProfile::new("nurse"))),
        ("closing", |access| access.set_disabled("a.okafor", true)),
        ("ending", |access| access.end_sessions("a.okafor")),
    ];
    for (what, change) in changes {
        let house = House::staffed();
        house.hire("b.jones", "nurse");
        let cookie = house.sign_in().cookie;
        let other = house.access.sign_in("b.jones", PASSWORD, DESK).unwrap().cookie;
        change(&house.access).unwrap();
        assert_eq!(house.stands(&cookie), "nobody", "{what}");
        assert_eq!(house.stands(&other), "signed in", "{what} is another's business");
    }
}

#[test]
fn a_change_by_another_process_counts_within_a_second() {
    let house = House::staffed();
    let cookie = house.sign_in().cookie;
    let token = house.access.mint_token("nurse", 10).unwrap();
    assert!(house.access.bearer(&token).is_ok());
    house.other_process().set_disabled("a.okafor", true).unwrap();
    house.other_process().revoke_token(&token).unwrap();
    house.later(1_000);
    assert_eq!(house.stands(&cookie), "nobody");
    assert_eq!(refused(house.access.bearer(&token)).kind, Kind::Unauthenticated);
}

#[test]
fn a_closed_account_is_refused_like_a_wrong_password() {
    let house = House::staffed();
    let wrong = refused(house.access.sign_in("a.okafor", "wrong", DESK));
    house.access.set_disabled("a.okafor", true).unwrap();
    assert_eq!(refused(house.access.sign_in("a.okafor", PASSWORD, DESK)), wrong);
    house.access.set_disabled("a.okafor", false).unwrap();
    assert!(house.access.sign_in("a.okafor", PASSWORD, DESK).is_ok());
}

#[test]
fn an_unknown_name_and_a_wrong_password_look_and_take_the_same() {
    let house = House::staffed();
    let timed = |name: &str| {
        let start = std::time::Instant::now();
        let refusal = refused(house.access.sign_in(name, "wrong", &format!("from {name}")));
        (refusal, start.elapsed())
    };
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    for _ in 0..8 {
        let (a, b) = (timed("a.okafor"), timed("nobody.here"));
        assert_eq!(a.0, b.0);
        (known, unknown) = (known.min(a.1), unknown.min(b.1));
    }
    // Leaving the hash out would make the unknown name ten times as fast; the rest is for a busy machine.
    let ratio = known.as_secs_f64() / unknown.as_secs_f64();
    assert!((0.2..5.0).contains(&ratio), "known {known:?}, unknown {unknown:?}");
}

#[test]
fn ten_failures_on_an_account_make_even_the_right_password_wait() {
    for name in ["a.okafor", "nobody.here"] {
        let house = House::staffed();
        for i in 0..10 {
            let refusal = refused(house.access.sign_in(name, "wrong", &format!("10.0.0.{i}")));
            assert_eq!(refusal.kind, Kind::Unauthenticated);
        }
        let refusal = refused(house.access.sign_in(name, PASSWORD, DESK));
        assert_eq!(refusal.kind, Kind::Busy);
        assert_eq!(refusal.to_string(), "Too many failed tries. Wait 1 minute, then try again.");
        house.later(MINUTE);
        assert_eq!(house.access.sign_in(name, PASSWORD, DESK).is_ok(), name == "a.okafor");
    }
}

#[test]
fn ten_failures_from_an_address_make_all_who_come_from_there_wait() {
    let house = House::staffed();
    for i in 0..10 {
        refused(house.access.sign_in(&format!("guess{i}"), "wrong", "10.6.6.6"));
    }
    assert_eq!(refused(house.access.sign_in("a.okafor", PASSWORD, "10.6.6.6")).kind, Kind::Busy);
    assert!(house.access.sign_in("a.okafor", PASSWORD, DESK).is_ok(), "others are not held up");
}

#[test]
fn an_address_of_version_six_is_its_network_and_a_mapped_one_is_of_version_four() {
    for (tries, more, waits) in [
        (["2001:db8:0:1::1", "2001:db8:0:1:ffff::2"], "2001:db8:0:1::3", true),
        (["2001:db8:0:1::1", "2001:db8:0:1:ffff::2"], "2001:db8:0:2::3", false),
        (["::ffff:10.0.0.1", "10.0.0.1"], "::ffff:10.0.0.1", true),
        (["::ffff:10.0.0.1", "10.0.0.1"], "::ffff:10.0.0.2", false),
    ] {
        let house = House::staffed();
        for i in 0..10 {
            refused(house.access.sign_in(&format!("guess{i}"), "wrong", tries[i % 2]));
        }
        assert_eq!(house.access.sign_in("a.okafor", PASSWORD, more).is_err(), waits, "{more}");
    }
}

#[test]
fn sessions_that_have_ended_are_not_held_in_memory() {
    let house = House::staffed();
    house.sign_in();
    house.sign_in();
    house.later(SESSION_HOURS * HOUR);
    house.sign_in();
    assert_eq!(crate::held(&house.access.inner.live).len(), 1);
}

#[test]
fn tries_at_one_moment_are_counted_too() {
    let house = House::staffed();
    let kinds: Vec<Kind> = std::thread::scope(|scope| {
        let attempt = || refused(house.access.sign_in("a.okafor", "wrong", DESK)).kind;
        let tries: Vec<_> = (0..30).map(|_| scope.spawn(attempt)).collect();
        tries.into_iter().map(|attempt| attempt.join().unwrap()).collect()
    });
    assert_eq!(kinds.iter().filter(|kind| **kind == Kind::Unauthenticated).count(), 10);
    assert_eq!(kinds.iter().filter(|kind| **kind == Kind::Busy).count(), 20);
}

#[test]
fn a_right_password_forgets_the_failures_of_the_account() {
    let house = House::staffed();
    for round in 0..3 {
        for i in 0..9 {
            refused(house.access.sign_in("a.okafor", "wrong", &format!("10.{round}.0.{i}")));
        }
        house.sign_in();
    }
}

#[test]
fn what_happened_is_on_the_trail_and_no_secret_is() {
    let house = House::staffed();
    refused(house.access.sign_in("a.okafor", "wrong password", DESK));
    refused(house.access.sign_in("my password by mistake", "x", DESK));
    let SignedIn { cookie, session } = house.sign_in();
    house.later(IDLE_MINUTES * MINUTE);
    house.stands(&cookie);
    house.stands(&cookie);
    let fresh = house.access.unlock(&cookie, PASSWORD, DESK).unwrap();
    house.access.sign_out(&fresh.cookie).unwrap();
    let token = house.access.mint_token("system", 5).unwrap();

    let mine: Vec<String> =
        house.acts("a.okafor").into_iter().filter(|act| !act.starts_with("access.")).collect();
    let named: Vec<&str> =
        mine.iter().map(String::as_str).filter(|act| act.contains("sign") || act.contains("lock")).collect();
    assert_eq!(named, ["sign-in-failed", "sign-in", "lock", "unlock", "sign-out"]);
    assert!(house.acts("unknown").contains(&"sign-in-failed".to_owned()));
    let trail = format!("{:?}", house.trail());
    assert!(trail.contains(&session.id) && trail.contains(DESK));
    for secret in [PASSWORD, "wrong password", "by mistake", &cookie, &fresh.cookie, &token, &session.csrf] {
        assert!(!trail.contains(secret), "{secret} is on the trail");
    }
}

#[test]
fn no_secret_is_in_the_files_or_tables_of_the_record() {
    let house = House::staffed();
    let SignedIn { cookie, session } = house.sign_in();
    let token = house.access.mint_token("system", 5).unwrap();
    let mut found_hash = false;
    for bytes in house.kept() {
        let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        found_hash |= has("$argon2id$v=19$m=19456,t=2,p=1$");
        for secret in [PASSWORD, &cookie, &token, &session.csrf] {
            assert!(!has(secret), "{secret} is on disk");
        }
    }
    assert!(found_hash, "they were looked at");
}

#[test]
fn nothing_secret_is_printed_for_debugging() {
    let house = House::staffed();
    let signed_in = house.sign_in();
    let user = NewUser::new("b", "", NewProfile::new("nurse"), PASSWORD);
    let printed = format!("{signed_in:?} {user:?} {:?}", house.access.users().unwrap());
    assert!(printed.contains("a.okafor") && printed.contains("nurse"));
    for secret in [&signed_in.cookie, &signed_in.session.csrf, PASSWORD, "$argon2id$"] {
        assert!(!printed.contains(secret), "{secret} is printed");
    }
}

#[test]
fn a_token_is_its_role_until_it_runs_out_or_is_revoked() {
    let house = House::new();
    let token = house.access.mint_token("pharmacist", 60).unwrap();
    let session = house.access.bearer(&token).unwrap();
    assert_eq!(session.role.name, "pharmacist");
    assert!(session.may(Permission::Write) && !session.may(Permission::Bulk));
    assert!(session.csrf.is_empty());
    assert_eq!(house.other_process().bearer(&token).unwrap().who, session.who);
    house.later(HOUR - 1);
    assert!(house.access.bearer(&token).is_ok());
    house.later(1);
    let over = refused(house.access.bearer(&token));
    assert_eq!(over, refused(house.access.bearer("no such token")), "both are refused in the same words");

    let token = house.access.mint_token("nurse", 60).unwrap();
    house.access.bearer(&token).unwrap();
    house.access.revoke_token(&token).unwrap();
    assert_eq!(refused(house.access.bearer(&token)).kind, Kind::Unauthenticated);
}

#[test]
fn a_token_is_no_cookie_and_a_cookie_no_token() {
    let house = House::staffed();
    let token = house.access.mint_token("doctor", 60).unwrap();
    let cookie = house.sign_in().cookie;
    assert_eq!(house.stands(&token), "nobody");
    assert_eq!(refused(house.access.bearer(&cookie)).kind, Kind::Unauthenticated);
}

#[test]
fn tokens_are_refused_for_roles_and_times_there_are_not() {
    let house = House::new();
    let refusal = refused(house.access.mint_token("king", 60));
    assert!(refusal.to_string().contains("doctor, nurse, midwife"), "{refusal}");
    for minutes in [0, 24 * 60 + 1] {
        assert_eq!(refused(house.access.mint_token("nurse", minutes)).kind, Kind::Invalid);
    }
}

#[test]
fn an_account_needs_a_name_a_role_and_a_password_worth_the_name() {
    let house = House::staffed();
    let good = NewUser::new("b.jones", "B JONES", NewProfile::new("nurse"), PASSWORD);
    let cases = [
        ("name", NewUser { name: "b jones".into(), ..good.clone() }),
        ("name", NewUser { name: String::new(), ..good.clone() }),
        ("name", NewUser { name: "b".repeat(65), ..good.clone() }),
        ("display", NewUser { display: " ".into(), ..good.clone() }),
        ("role", NewUser { profiles: vec![NewProfile::new("king")], ..good.clone() }),
        ("profiles", NewUser { profiles: Vec::new(), ..good.clone() }),
        ("password", NewUser { password: "seven77".into(), ..good.clone() }),
        ("password", NewUser { password: "x".repeat(257), ..good.clone() }),
        ("password", NewUser { password: "aaaaaaaaaa".into(), ..good.clone() }),
        ("password", NewUser { password: "Password1".into(), ..good.clone() }),
        ("password", NewUser { password: "B.JONES1".into(), name: "b.jones1".into(), ..good.clone() }),
    ];
    for (at, user) in cases {
        let refusal = refused(house.access.add_user(&user));
        assert_eq!((refusal.kind, refusal.issues[0].at.as_str()), (Kind::Invalid, at), "{user:?}");
    }
    assert!(house.access.add_user(&NewUser { password: "ünïcode".into(), ..good.clone() }).is_err());
    house.access.add_user(&good).unwrap();
    assert_eq!(refused(house.access.add_user(&good)).kind, Kind::Conflict);
    let names: Vec<String> = house.access.users().unwrap().into_iter().map(|account| account.name).collect();
    assert_eq!(names, ["a.okafor", "b.jones"]);
    assert_eq!(
        refused(house.access.set_profile("c.nobody", "1", &NewProfile::new("nurse"))).kind,
        Kind::NotFound
    );
}

#[test]
fn the_sessions_of_an_account_are_listed_latest_first() {
    let house = House::staffed();
    house.hire("b.jones", "nurse");
    let first = house.sign_in().session;
    house.later(MINUTE);
    let second = house.access.sign_in("a.okafor", PASSWORD, "10.9.9.9").unwrap();
    house.access.sign_in("b.jones", PASSWORD, DESK).unwrap();
    let sessions = house.access.sessions_of("a.okafor").unwrap();
    let listed: Vec<_> = sessions.iter().map(|begun| (begun.id.as_str(), begun.from.as_str())).collect();
    assert_eq!(listed, [(second.session.id.as_str(), "10.9.9.9"), (first.id.as_str(), DESK)]);
    house.access.sign_out(&second.cookie).unwrap();
    assert_eq!(house.access.sessions_of("a.okafor").unwrap().len(), 1);
}

#[test]
fn the_role_matrix_is_whole() {
    let names: Vec<&str> = roles().iter().map(|role| role.name.as_str()).collect();
    let expected = [
        "system",
        "doctor",
        "nurse",
        "midwife",
        "gp",
        "pharmacist",
        "receptionist",
        "administrator",
        "privacy-officer",
        "patient",
        "proxy",
        "extract",
    ];
    assert_eq!(names, expected);
    for permission in Permission::ALL {
        let holders: Vec<&str> =
            roles().iter().filter(|r| r.may(permission)).map(|r| r.name.as_str()).collect();
        assert!(!holders.is_empty(), "nobody may {}", permission.about());
    }
}

#[test]
fn roles_without_clinical_work_see_no_clinical_types() {
    for name in ["receptionist", "administrator", "privacy-officer"] {
        let role = Role::named(name).unwrap();
        assert!(!role.may(Permission::ReadRecord));
        for kind in
            ["Observation", "Condition", "MedicationRequest", "DocumentReference", "Encounter", "AuditEvent"]
        {
            assert!(!role.sees(kind), "{name} sees {kind}");
        }
    }
    assert!(Role::named("receptionist").unwrap().sees("Patient"));
    assert!(!Role::named("administrator").unwrap().sees("Patient"));
    assert!(Role::named("doctor").unwrap().sees("Observation"));
}

#[test]
fn only_the_system_role_deletes_and_assigns_ids_and_only_extracts_take_in_bulk_beside_it() {
    for role in roles().iter().filter(|role| role.name != "system") {
        assert_eq!(role.may(Permission::Bulk), role.name == "extract", "{}", role.name);
        for permission in [Permission::Delete, Permission::AssignIds, Permission::SystemHistory] {
            assert!(!role.may(permission), "{} may {}", role.name, permission.about());
        }
    }
}

#[test]
fn a_refusal_for_want_of_permission_speaks_of_the_role_only() {
    let session = House::staffed().sign_in().session;
    assert_eq!(session.needs(Permission::ReadRecord), Ok(()));
    let refusal = refused(session.needs(Permission::Audit));
    assert_eq!(refusal.kind, Kind::Forbidden);
    let text =
        "The role Doctor may not review who looked at what. Ask someone whose role may, or an administrator.";
    assert_eq!(refusal.to_string(), text);
}

#[test]
fn a_session_can_be_narrowed_to_some_patients() {
    let session = House::staffed().sign_in().session;
    assert_eq!(session.scope.reach, Reach::Everyone);
    let narrowed = session.with_reach(["p1".to_owned(), "p2".to_owned()]);
    let Reach::Patients(patients) = &narrowed.scope.reach else { panic!("narrowed") };
    assert!(patients.iter().eq(["p1", "p2"]));
    assert_eq!(narrowed.author("beds.admit", Some("r1")).scope, narrowed.scope);
}

#[test]
fn a_mandate_that_ends_with_its_session_stands_as_long_and_sees_no_more() {
    let house = House::staffed();
    let signed_in = house.sign_in();
    let narrowed = signed_in.session.clone().with_reach(["p1".to_owned()]);
    let kept = narrowed.mandate(Ends::WithSession).tree().text();
    assert!(!kept.contains(&signed_in.cookie), "it holds no secret");
    let mandate = read_again(&narrowed.mandate(Ends::WithSession));
    let under = |mandate: &Mandate| house.access.under(mandate).unwrap();
    let again = under(&mandate).unwrap();
    assert_eq!((again.who, again.id, again.scope), (narrowed.who, narrowed.id, narrowed.scope));
    house.access.sign_out(&signed_in.cookie).unwrap();
    assert!(under(&mandate).is_none());

    let token = house.access.mint_token("receptionist", 5).unwrap();
    let session = house.access.bearer(&token).unwrap();
    let mandate = read_again(&session.mandate(Ends::WithSession));
    assert_eq!(under(&mandate).unwrap().scope, session.scope);
    let standing = under(&session.mandate(Ends::WithGiver)).unwrap();
    assert!(
        under(&standing.mandate(Ends::WithSession)).is_none(),
        "there is no session behind a standing order"
    );
    house.access.revoke_token(&token).unwrap();
    assert!(under(&mandate).is_none());
}

/// A mandate as it is after it was kept.
fn read_again(mandate: &Mandate) -> Mandate {
    let json = fhir::Json::parse(mandate.tree().text(), fhir::Limits::DOOR).unwrap();
    let read = Mandate::read(json.root()).unwrap();
    assert_eq!(read, *mandate);
    read
}

#[test]
fn acts_and_authors_name_the_session() {
    let session: Session = House::staffed().sign_in().session;
    let act = session.act("read", Tree::object().with("id", "Patient/1"));
    let expected = format!(
        "{{\"id\":\"Patient/1\",\"as\":\"-/doctor/1\",\"purpose\":\"TREAT\",\"via\":\"password\",\"session\":\"{}\"}}",
        session.id
    );
    assert_eq!((act.who.as_str(), act.action, act.detail), ("a.okafor", "read", expected));
    let author = session.author("beds.admit", Some("r1"));
    assert_eq!((author.who.as_str(), author.request.as_deref()), ("a.okafor", Some("r1")));
}

#[test]
fn a_mandate_holds_as_long_as_its_giver_may_act() {
    let house = House::staffed();
    let doctor = house.sign_in().session.with_reach(["p".to_owned()]);
    let mandate = read_again(&doctor.mandate(Ends::WithGiver));
    let under = |mandate: &Mandate| house.access.under(mandate).unwrap();
    let later = under(&doctor.mandate(Ends::WithSession)).unwrap();
    let given_later = later.mandate(Ends::WithGiver);
    assert_eq!(given_later, mandate, "an order that is carried out later is still a person's");
    let session = under(&mandate).unwrap();
    assert_eq!((session.role.name.as_str(), &session.scope), ("doctor", &doctor.scope));
    house.access.set_profile("a.okafor", "1", &NewProfile::new("receptionist")).unwrap();
    assert_eq!(under(&mandate).unwrap().role.name, "receptionist", "the account as it is now");
    house.access.set_disabled("a.okafor", true).unwrap();
    assert!(under(&mandate).is_none());
    house.access.set_disabled("a.okafor", false).unwrap();
    assert!(under(&mandate).is_some());

    let [kept, ended] = [(); 2].map(|()| house.access.mint_token("nurse", 5).unwrap());
    let [standing, over] =
        [&kept, &ended].map(|token| house.access.bearer(token).unwrap().mandate(Ends::WithGiver));
    house.access.revoke_token(&ended).unwrap();
    house.later(HOUR);
    assert!(house.access.bearer(&kept).is_err(), "it has run out");
    assert_eq!(under(&standing).unwrap().role.name, "nurse", "and its orders stand");
    assert!(under(&over).is_none(), "but for those of one that was revoked");
}

#[test]
fn a_token_acts_for_the_organisation_it_was_made_for() {
    let house = House::new();
    let token = house.access.mint_token_for("RYY", "system", 5).unwrap();
    assert_eq!(house.access.bearer(&token).unwrap().organisation, "RYY");
    assert_eq!(house.other_process().bearer(&token).unwrap().organisation, "RYY", "as it is kept");
    let plain = house.access.mint_token("system", 5).unwrap();
    assert_eq!(house.access.bearer(&plain).unwrap().organisation, "");
    assert_eq!(refused(house.access.mint_token_for("R XX", "system", 5)).kind, Kind::Invalid);
}

#[test]
fn an_order_given_with_a_persons_token_ends_with_the_person_and_with_the_token() {
    let house = House::staffed();
    let doctor = house.sign_in().session;
    let token = house.access.mint_token_as(&doctor, 5).unwrap();
    let mandate = read_again(&house.access.bearer(&token).unwrap().mandate(Ends::WithGiver));
    let under = |mandate: &Mandate| house.access.under(mandate).unwrap();
    let session = under(&mandate).unwrap();
    assert_eq!((session.who.as_str(), session.role.name.as_str()), ("a.okafor", "doctor"));
    house.access.set_disabled("a.okafor", true).unwrap();
    assert!(under(&mandate).is_none(), "no program in the role of a doctor goes on without the doctor");
    house.access.set_disabled("a.okafor", false).unwrap();
    let passed_on = read_again(&under(&mandate).unwrap().mandate(Ends::WithGiver));
    house.access.revoke_token(&token).unwrap();
    assert!(under(&mandate).is_none() && under(&passed_on).is_none());
}

#[test]
fn mandates_that_were_kept_in_the_first_form_are_read() {
    let read = |text: &str| Mandate::read(fhir::Json::parse(text, fhir::Limits::DOOR).unwrap().root());
    let person = read(r#"{"who":"a.okafor","role":"doctor","program":false,"patients":["p"]}"#).unwrap();
    assert_eq!((person.profile.as_str(), person.ends), ("1", Ends::WithGiver));
    let program = read(r#"{"who":"token-x","role":"nurse","program":true}"#).unwrap();
    assert_eq!((program.profile.as_str(), program.ends), ("", Ends::WithGiver));
    assert!(read(r#"{"who":"a","role":"doctor","profile":"1","ends":"never"}"#).is_none());
}
