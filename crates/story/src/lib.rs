#![doc = include_str!("../README.md")]

use access::{Access, NewProfile, NewUser, Session};
use fhir::{Json, Limits};
use record::{Author, Found, Options, Prepared, Refusal, Store};
use service::{Listed, Outcome, Service, Values, consent, perform, relationship};
use testbed::Home;

/// The password of everybody.
pub const PASSWORD: &str = "three odd words";

/// A record, and who works there.
pub struct Place {
    /// The gate to it.
    pub access: Access,
    _home: Home,
}

impl Place {
    /// With these people, each in one role profile.
    pub fn of<'p>(people: impl IntoIterator<Item = (&'p str, NewProfile)>) -> Place {
        let home = Home::new();
        let place: record::Place = home.place().parse().expect("it is a folder or a database");
        let options = Options { durable: false, ..Options::default() };
        let store = Store::open(place, options).expect("the record opens");
        let place = Place { access: Access::open(store).expect("the gate opens"), _home: home };
        for (name, profile) in people {
            place.access.add_user(&NewUser::new(name, name, profile, PASSWORD)).expect("the account is new");
        }
        place
    }

    /// Someone who has signed in just now.
    pub fn session(&self, name: &str) -> Session {
        self.access.sign_in(name, PASSWORD, "127.0.0.1").expect("they may sign in").session
    }

    /// The system itself.
    pub fn system(&self) -> Session {
        let token = self.access.mint_token("system", 5).expect("there is such a role");
        self.access.bearer(&token).expect("the token is fresh")
    }

    /// Performs a command in somebody's name. The service must have a command of this name.
    pub fn performs(
        &self,
        who: &str,
        service: &'static Service,
        command: &str,
        values: &[(&str, &str)],
    ) -> Result<Outcome, Refusal> {
        let found = service.commands.iter().find(|known| known.name() == command);
        let command = *found.unwrap_or_else(|| panic!("{} has no command {command}", service.name));
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        perform(&self.session(who), &self.access, Listed { service, command }, &Values::new(values), None)
    }

    /// Files a resource as the system, under a type and id (`Patient/p`).
    pub fn files(&self, name: &str, text: &str) {
        let (kind, id) = name.split_once('/').expect("type and id");
        let json = Json::parse(text, Limits::DOOR).expect("it is JSON");
        let resource = Prepared::of(&json, id).expect("it is sound");
        let session = self.system();
        let guards = relationship::guards().into_iter().chain([consent::guard()]);
        let guards: Vec<_> = guards.filter(|guard| guard.kind == kind).collect();
        let act = move |tx: &mut record::Tx<'_>| {
            let written = tx.put(resource, None)?;
            guards.iter().try_for_each(|guard| (guard.filed)(tx, &session, &written))
        };
        self.access.store().write(Author::system("set-up"), act).expect("it is filed");
    }

    /// True when somebody who signs in now sees a resource.
    pub fn sees(&self, who: &str, kind: &str, id: &str) -> bool {
        let reader = self.access.store().reader(&self.session(who).scope).expect("the record can be read");
        matches!(reader.read(kind, id).expect("the record can be read"), Found::Here(_))
    }
}
