//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use record::Place;
use service::interaction::Policy;
use std::path::PathBuf;

/// Carespine: an open care records service.
#[derive(Debug, Parser)]
#[command(name = "carespine", version, about, max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the record: the page at /, FHIR at /fhir.
    Serve(Serve),
    /// Make a store with an invented population, and serve it.
    Demo(Demo),
    /// Load FHIR resources: bundles, NDJSON, single resources, also .gz; files, folders, or - for standard input.
    Load(Load),
    /// Copy the record to a new folder, consistently and while it is in use.
    Backup {
        /// The record's folder.
        #[arg(long, default_value = "data")]
        data: Place,
        /// A new folder for the copy.
        to: Place,
    },
    /// Make a record from a backup, after verifying it.
    Restore {
        /// The backup's folder.
        from: Place,
        /// A new folder for the record.
        #[arg(long, default_value = "data")]
        data: Place,
    },
    /// Check the hash chains, every version against the log, and the index against the bodies.
    Verify {
        /// The record: a folder, or a database as postgres://user@host/database.
        #[arg(long, default_value = "data")]
        data: Place,
    },
    /// Move the record to another place, of the same engine or the other. Stop its servers first; the source stays as
    /// it is. Run again, an interrupted move goes on where it was.
    Move {
        /// The record as it is: a folder, or a database as postgres://user@host/database.
        #[arg(long)]
        from: Place,
        /// A new folder, or an empty database.
        #[arg(long)]
        to: Place,
    },
    /// Staff accounts.
    User {
        /// The record: a folder, or a database as postgres://user@host/database.
        #[arg(long, default_value = "data", global = true)]
        data: Place,
        /// What to do with them.
        #[command(subcommand)]
        command: UserCommand,
    },
    /// FHIR packages: profiles, value sets and the like that the record goes by.
    Package {
        /// The record: a folder, or a database as postgres://user@host/database.
        #[arg(long, default_value = "data", global = true)]
        data: Place,
        /// What to do with them.
        #[command(subcommand)]
        command: PackageCommand,
    },
    /// Releases of code systems: SNOMED CT, dm+d, ICD-10, OPCS-4, LOINC, ODS.
    Terminology {
        /// The record whose folder keeps them.
        #[arg(long, default_value = "data", global = true)]
        data: Place,
        /// A folder to keep them in instead. A record in a database needs one.
        #[arg(long, global = true)]
        index: Option<PathBuf>,
        /// What to do with them.
        #[command(subcommand)]
        command: TerminologyCommand,
    },
    /// Print a short-lived bearer token for scripts.
    Token {
        /// The record: a folder, or a database as postgres://user@host/database.
        #[arg(long, default_value = "data")]
        data: Place,
        /// The role it acts in, e.g. doctor, receptionist, system.
        #[arg(long)]
        role: String,
        /// The organisation it acts for, by its ODS code.
        #[arg(long, default_value = "")]
        organisation: String,
        /// Minutes it holds.
        #[arg(long, default_value_t = access::TOKEN_MINUTES)]
        minutes: u32,
    },
    /// Flat rows of the record, by views of SQL on FHIR.
    View {
        /// What to do with a view.
        #[command(subcommand)]
        command: ViewCommand,
    },
    /// Subscriptions: how they stand, and what could not be delivered.
    Subscription {
        /// The record: a folder, or a database as postgres://user@host/database.
        #[arg(long, default_value = "data", global = true)]
        data: Place,
        /// What to do with them.
        #[command(subcommand)]
        command: SubscriptionCommand,
    },
    /// The audit trail: whether it still is what was signed and witnessed, and proofs of single rows.
    Audit {
        /// What to do with it.
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Print the version.
    Version,
}

/// The audit trail.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Check every row against the signed heads of the record and of its witnesses.
    Verify {
        /// The record: a folder, or a database as postgres://user@host/database.
        #[arg(long, default_value = "data")]
        data: Place,
        /// A file of heads that a witness has; may be named several times.
        #[arg(long)]
        witness: Vec<PathBuf>,
        /// A public key that may have signed; may be named several times. [default: any]
        #[arg(long)]
        key: Vec<String>,
    },
    /// Prove that rows are on the trail: one JSON line each, which `carespine audit check` checks anywhere.
    Prove {
        /// The record: a folder, or a database as postgres://user@host/database.
        #[arg(long, default_value = "data")]
        data: Place,
        /// The number of a row.
        #[arg(long, required_unless_present = "patient", conflicts_with = "patient")]
        row: Option<u64>,
        /// The id of a patient: every row that names them.
        #[arg(long)]
        patient: Option<String>,
    },
    /// Check proofs without the record.
    Check {
        /// A file of proofs, one JSON line each; - for standard input.
        file: PathBuf,
        /// A public key that may have signed; may be named several times. [default: any]
        #[arg(long)]
        key: Vec<String>,
    },
}

/// Views.
#[derive(Debug, Subcommand)]
pub enum ViewCommand {
    /// Run a ViewDefinition over all resources of its type.
    Run(RunView),
}

/// `carespine view run`.
#[derive(Args, Clone, Debug)]
pub struct RunView {
    /// The ViewDefinition, as JSON; - for standard input.
    pub file: PathBuf,
    /// The record: a folder, or a database as postgres://user@host/database.
    #[arg(long, default_value = "data")]
    pub data: Place,
    /// ndjson, json, csv or parquet. [default: by the ending of --out, else ndjson]
    #[arg(long)]
    pub format: Option<String>,
    /// CSV without a first line that names the columns.
    #[arg(long)]
    pub no_header: bool,
    /// As the record was at the end of a day, a minute or an instant, e.g. 2026-11-24 or 2026-11-24T09:05:00Z.
    #[arg(long)]
    pub at: Option<String>,
    /// Rows at most.
    #[arg(long)]
    pub limit: Option<u64>,
    /// A file for the rows. [default: standard output]
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// No progress line.
    #[arg(long)]
    pub quiet: bool,
}

/// Subscriptions.
#[derive(Debug, Subcommand)]
pub enum SubscriptionCommand {
    /// List them: status, events, what waits, whose they are.
    List,
    /// List the notifications that were given up because their receiver refused them.
    Failed {
        /// Only of this Subscription, by its id.
        subscription: Option<String>,
    },
    /// Send again what was given up, under the same numbers; what waits for a receiver that was away is tried at once.
    /// A running server does it.
    Resend {
        /// The Subscription's id.
        subscription: String,
        /// Only this event.
        number: Option<u64>,
    },
}

/// Accounts.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add an account. The password is read from standard input, so that it stands in no list of processes.
    Add {
        /// The name to sign in with.
        name: String,
        /// The name that others see, e.g. "Dr Amara OKAFOR".
        #[arg(long)]
        display: String,
        /// The role, e.g. doctor.
        #[arg(long)]
        role: String,
        /// Where they work.
        #[arg(long, default_value = "")]
        place: String,
        /// The organisation they work for, by its ODS code.
        #[arg(long, default_value = "")]
        organisation: String,
        /// A team of theirs, by name; may be given several times.
        #[arg(long)]
        workgroup: Vec<String>,
        /// What they may do beside what the role may, e.g. sponsor; may be given several times.
        #[arg(long)]
        activity: Vec<String>,
    },
    /// List accounts.
    List,
    /// Set a new password, read from standard input.
    Password {
        /// The account.
        name: String,
    },
    /// Shut an account; its sessions end at once.
    Disable {
        /// The account.
        name: String,
    },
    /// Open a shut account again.
    Enable {
        /// The account.
        name: String,
    },
}

/// Packages.
#[derive(Debug, Subcommand)]
pub enum PackageCommand {
    /// Add one, beside other versions of it. A server that runs sees it within a second.
    Add {
        /// An archive as FHIR packages are published (.tgz), or a folder of JSON or XML files.
        from: PathBuf,
        /// Its name, for a folder that has no package.json.
        #[arg(long, requires = "version")]
        name: Option<String>,
        /// Its version, for a folder that has no package.json.
        #[arg(long, requires = "name")]
        version: Option<String>,
    },
    /// List them.
    List,
    /// Remove one. What was checked by it stays as it is.
    Remove {
        /// NAME#VERSION
        package: String,
    },
}

/// Releases of code systems.
#[derive(Debug, Subcommand)]
pub enum TerminologyCommand {
    /// Import one, beside other versions of it. A server sees it when it starts again.
    Import {
        /// Whose it is.
        kind: ReleaseKind,
        /// The unpacked folder of the release, or its file.
        from: PathBuf,
        /// Its version, where the files do not say it, or another than they say. Not for snomed and dmd.
        #[arg(long)]
        version: Option<String>,
        /// Its day (YYYY-MM-DD), where the files do not say it. Not for snomed and dmd.
        #[arg(long)]
        date: Option<String>,
        /// Address of the code system, if it is to be another than the usual. Not for snomed and dmd.
        #[arg(long)]
        system: Option<String>,
    },
    /// List them, the newest of each first.
    List,
    /// Read all of each, and tell which are damaged.
    Check,
    /// Remove one.
    Remove {
        /// SYSTEM|VERSION, as `terminology list` shows them.
        release: String,
    },
}

/// Publishers of releases, each with its own files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReleaseKind {
    /// SNOMED CT, a snapshot of Release Format 2.
    Snomed,
    /// The NHS dictionary of medicines and devices, XML.
    Dmd,
    /// ICD-10: WHO's ClaML, or NHS England's file of codes and titles.
    Icd10,
    /// OPCS-4: NHS England's file of codes and titles.
    Opcs4,
    /// LOINC: Loinc.csv of the release. It does not say its day: --date.
    Loinc,
    /// NHS organisations: the CSV files of ODS. They do not say their day: --date.
    Ods,
}

/// `carespine serve`.
#[derive(Args, Clone, Debug)]
pub struct Serve {
    /// The record: a folder, or a database as postgres://user@host/database; made if there is none. [default: data]
    #[arg(long)]
    pub data: Option<Place>,
    /// Address and port to listen on. Only loopback addresses are taken. [default: 127.0.0.1:8080]
    #[arg(long)]
    pub listen: Option<String>,
    /// A configuration file.
    #[arg(long)]
    pub config: Option<PathBuf>,
}

/// `carespine demo`.
#[derive(Args, Clone, Debug)]
pub struct Demo {
    /// The record: a folder, or a database as postgres://user@host/database; made if there is none, used as it is
    /// if it holds the demonstration already.
    #[arg(long, default_value = "demo-data")]
    pub data: Place,
    /// Address and port to listen on.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// How many people.
    #[arg(long, default_value_t = 2_000)]
    pub people: usize,
    /// The seed: the same seed gives the same people.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Make the data and end, without serving.
    #[arg(long)]
    pub only_make: bool,
}

fn policy(name: &str) -> Result<Policy, String> {
    Policy::named(name).ok_or_else(|| "Use off, warn or refuse.".to_owned())
}

/// `carespine load`.
#[derive(Args, Clone, Debug)]
pub struct Load {
    /// Files, folders, or - for standard input.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// The record: a folder, or a database as postgres://user@host/database; made if there is none. [default: data]
    #[arg(long)]
    pub data: Option<Place>,
    /// The configuration file of the record's server: its rules hold for what is loaded, too.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// What follows from an error against a profile: off, warn or refuse. [default: by the configuration, else off]
    #[arg(long, value_parser = policy)]
    pub validation: Option<Policy>,
    /// The organisation that is loaded for, by its ODS code: its rules hold. [default: as the configuration says]
    #[arg(long, default_value = "")]
    pub organisation: String,
    /// Threads that read and check; the record is written by one more.
    #[arg(long)]
    pub threads: Option<usize>,
    /// No progress bar.
    #[arg(long)]
    pub quiet: bool,
}
