//! What people are called, and the background that names come with.

mod british;
mod world;

use crate::random::Random;
use world::Origin;

/// Sex as recorded at birth: what bodies follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

/// Where a family's names come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heritage {
    British,
    Irish,
    Polish,
    European,
    Indian,
    Pakistani,
    Bangladeshi,
    Chinese,
    Asian,
    African,
    Caribbean,
    Arab,
}

/// Shares of households, in thousandths, after the census of England of 2021 (ethnic group and country of
/// birth).
pub const HERITAGES: &[(u32, Heritage)] = &[
    (748, Heritage::British),
    (16, Heritage::Irish),
    (20, Heritage::Polish),
    (42, Heritage::European),
    (36, Heritage::Indian),
    (30, Heritage::Pakistani),
    (12, Heritage::Bangladeshi),
    (9, Heritage::Chinese),
    (20, Heritage::Asian),
    (30, Heritage::African),
    (15, Heritage::Caribbean),
    (22, Heritage::Arab),
];

/// A language that some speak at home: BCP 47 code and English name.
pub type Language = (&'static str, &'static str);

/// Code and words of an ethnic category (NHS Data Dictionary: ETHNIC CATEGORY).
pub type Ethnicity = (&'static str, &'static str);

impl Heritage {
    fn origin(self) -> Option<&'static Origin> {
        match self {
            Heritage::British | Heritage::Irish => None,
            Heritage::Polish => Some(&world::POLISH),
            Heritage::European => Some(&world::EUROPEAN),
            Heritage::Indian => Some(&world::INDIAN),
            Heritage::Pakistani => Some(&world::PAKISTANI),
            Heritage::Bangladeshi => Some(&world::BANGLADESHI),
            Heritage::Chinese => Some(&world::CHINESE),
            Heritage::Asian => Some(&world::ASIAN),
            Heritage::African => Some(&world::AFRICAN),
            Heritage::Caribbean => Some(&world::CARIBBEAN),
            Heritage::Arab => Some(&world::ARAB),
        }
    }

    /// A given name for someone born that year.
    pub fn given(self, sex: Sex, born: i32, random: &mut Random) -> &'static str {
        // Families from elsewhere often choose an English name for children born here.
        let english = self != Heritage::British && born > 1985 && random.chance(0.2);
        let (girls, boys) = match (self, self.origin()) {
            (_, Some(origin)) if !english => (origin.girls, origin.boys),
            (Heritage::Irish, _) if !english => (british::IRISH_GIRLS, british::IRISH_BOYS),
            _ => {
                let cohort = british::COHORTS.iter().rev().find(|cohort| cohort.from <= born);
                let cohort = cohort.expect("the first cohort begins in year 0");
                (cohort.girls, cohort.boys)
            }
        };
        one_of(if sex == Sex::Female { girls } else { boys }, random)
    }

    /// A family name, in the form that men bear.
    pub fn family(self, random: &mut Random) -> &'static str {
        match self.origin() {
            Some(origin) => one_of(origin.families, random),
            None if self == Heritage::Irish => one_of(british::IRISH, random),
            None => one_of(british::FAMILIES, random),
        }
    }

    /// The ethnic category that most people of this background state.
    pub fn ethnicity(self) -> Ethnicity {
        match self {
            Heritage::British => ("A", "White - British"),
            Heritage::Irish => ("B", "White - Irish"),
            Heritage::Polish | Heritage::European => ("C", "White - Any other White background"),
            Heritage::Indian => ("H", "Asian or Asian British - Indian"),
            Heritage::Pakistani => ("J", "Asian or Asian British - Pakistani"),
            Heritage::Bangladeshi => ("K", "Asian or Asian British - Bangladeshi"),
            Heritage::Asian => ("L", "Asian or Asian British - Any other Asian background"),
            Heritage::Caribbean => ("M", "Black or Black British - Caribbean"),
            Heritage::African => ("N", "Black or Black British - African"),
            Heritage::Chinese => ("R", "Other Ethnic Groups - Chinese"),
            Heritage::Arab => ("S", "Other Ethnic Groups - Any other ethnic group"),
        }
    }

    /// The category of children whose parents have these two backgrounds.
    pub fn mixed(self, other: Heritage) -> Ethnicity {
        let group = |heritage: Heritage| heritage.ethnicity().0;
        let (one, two) = (group(self), group(other));
        let white = |code: &str| matches!(code, "A" | "B" | "C");
        match (one, two) {
            _ if one == two => self.ethnicity(),
            _ if white(one) && white(two) => Heritage::British.ethnicity(),
            ("M", code) | (code, "M") if white(code) => ("D", "Mixed - White and Black Caribbean"),
            ("N", code) | (code, "N") if white(code) => ("E", "Mixed - White and Black African"),
            ("H" | "J" | "K" | "L", code) | (code, "H" | "J" | "K" | "L") if white(code) => {
                ("F", "Mixed - White and Asian")
            }
            _ => ("G", "Mixed - Any other mixed background"),
        }
    }

    /// A language of this background other than English.
    pub fn language(self, random: &mut Random) -> Option<Language> {
        let languages: &[Language] = match self {
            Heritage::British | Heritage::Irish | Heritage::Caribbean => return None,
            Heritage::Polish => &[("pl", "Polish")],
            Heritage::European => {
                &[("ro", "Romanian"), ("it", "Italian"), ("pt", "Portuguese"), ("lt", "Lithuanian")]
            }
            Heritage::Indian => &[("gu", "Gujarati"), ("pa", "Punjabi"), ("hi", "Hindi"), ("ta", "Tamil")],
            Heritage::Pakistani => &[("ur", "Urdu"), ("pa", "Punjabi")],
            Heritage::Bangladeshi => &[("bn", "Bengali")],
            Heritage::Chinese => &[("zh", "Chinese")],
            Heritage::Asian => &[("ta", "Tamil"), ("ne", "Nepali"), ("vi", "Vietnamese"), ("fa", "Persian")],
            Heritage::African => &[("yo", "Yoruba"), ("ig", "Igbo"), ("so", "Somali"), ("sn", "Shona")],
            Heritage::Arab => &[("ar", "Arabic"), ("tr", "Turkish"), ("ku", "Kurdish")],
        };
        Some(*random.pick(languages))
    }
}

fn one_of(names: &'static [&'static str], random: &mut Random) -> &'static str {
    names[random.below(names.len())]
}

/// The form of a family name that this person bears.
pub fn gendered(family: &str, sex: Sex) -> String {
    let feminine = |stem: &str| format!("{stem}ka");
    match family.strip_suffix("ki") {
        Some(stem) if sex == Sex::Female && (stem.ends_with(['s', 'c', 'ń'])) => feminine(stem),
        _ => family.to_owned(),
    }
}

/// What friends call someone, for names that have a usual short form.
pub fn short(given: &str) -> Option<&'static str> {
    SHORT.iter().find(|(long, _)| *long == given).map(|(_, short)| *short)
}

const SHORT: &[(&str, &str)] = &[
    ("Dorothy", "Dot"),
    ("Margaret", "Peggy"),
    ("Kathleen", "Kath"),
    ("Winifred", "Winnie"),
    ("Elizabeth", "Liz"),
    ("Patricia", "Pat"),
    ("Susan", "Sue"),
    ("Christine", "Chris"),
    ("Deborah", "Debbie"),
    ("Joanne", "Jo"),
    ("Rebecca", "Becky"),
    ("Katarzyna", "Kasia"),
    ("Małgorzata", "Gosia"),
    ("William", "Bill"),
    ("Ronald", "Ron"),
    ("Leonard", "Len"),
    ("Frederick", "Fred"),
    ("Albert", "Bert"),
    ("Robert", "Bob"),
    ("Michael", "Mick"),
    ("Stephen", "Steve"),
    ("Anthony", "Tony"),
    ("Christopher", "Chris"),
    ("Daniel", "Danny"),
    ("Thomas", "Tom"),
    ("Krzysztof", "Chris"),
    ("Chukwuemeka", "Emeka"),
    ("Oluwaseun", "Seun"),
    ("Mohammed", "Mo"),
    ("Tharshini", "Tash"),
    ("Samuel", "Sam"),
    ("Benjamin", "Ben"),
    ("Alexander", "Sandy"),
];
