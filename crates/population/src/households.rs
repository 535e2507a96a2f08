//! Who lives with whom. People are numbered so that those of one household are neighbours, in blocks that can
//! be worked out without the rest: anyone's household follows from their number alone.

use crate::addresses::{self, Address, TOWNS};
use crate::names::{HERITAGES, Heritage, Sex, gendered};
use crate::random::Random;
use crate::stories::STORIES;
use crate::time::Day;

/// People of one home.
pub struct Household {
    /// Their address.
    pub address: Address,
    /// Their telephone.
    pub landline: Option<String>,
    /// Their GP practice, by its place in [`crate::places::PRACTICES`].
    pub practice: usize,
    /// Whether its couple, if there is one, is married.
    pub married: bool,
    /// The people, the eldest generation last.
    pub members: Vec<Member>,
}

/// What someone is in a household.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Head,
    Partner,
    Child,
    Grandparent,
    Sharer,
}

/// One of a household.
pub struct Member {
    /// The number of the person.
    pub index: usize,
    /// What they are in it.
    pub role: Role,
    /// Sex.
    pub sex: Sex,
    /// Day of birth.
    pub birth: Day,
    /// Where their names come from.
    pub heritage: Heritage,
    /// First name.
    pub given: &'static str,
    /// Family name.
    pub family: String,
    /// Family name before marriage.
    pub former: Option<String>,
    /// Mobile telephone.
    pub mobile: Option<String>,
}

/// People in a block.
const BLOCK: usize = 16;

/// A sort of household: ages of its head, who else is in it.
struct Sort {
    head: (i32, i32),
    women: f64,
    partner: bool,
    children: (i32, i32),
    children_ages: (i32, i32),
    grandparent: bool,
    sharers: i32,
}

const fn sort(head: (i32, i32), women: f64) -> Sort {
    Sort {
        head,
        women,
        partner: false,
        children: (0, 0),
        children_ages: (0, 0),
        grandparent: false,
        sharers: 0,
    }
}

/// Sorts of households with their weights, after the census of 2021 (household composition by age).
const SORTS: &[(u32, Sort)] = &[
    (8, sort((19, 44), 0.42)),
    (11, sort((45, 64), 0.45)),
    (10, sort((65, 79), 0.6)),
    (9, sort((79, 97), 0.68)),
    (8, Sort { partner: true, ..sort((21, 38), 0.9) }),
    (14, Sort { partner: true, ..sort((42, 66), 0.9) }),
    (16, Sort { partner: true, ..sort((64, 88), 0.9) }),
    (8, Sort { partner: true, children: (1, 3), children_ages: (0, 6), ..sort((24, 42), 1.0) }),
    (15, Sort { partner: true, children: (1, 4), children_ages: (8, 18), ..sort((35, 54), 1.0) }),
    (2, Sort { children: (1, 2), children_ages: (0, 8), ..sort((19, 40), 0.94) }),
    (5, Sort { children: (1, 3), children_ages: (5, 17), ..sort((33, 55), 0.85) }),
    (7, Sort { partner: true, children: (1, 2), children_ages: (18, 29), ..sort((46, 63), 1.0) }),
    (
        3,
        Sort {
            partner: true,
            children: (1, 3),
            children_ages: (1, 15),
            grandparent: true,
            ..sort((30, 48), 1.0)
        },
    ),
    (4, Sort { sharers: 3, ..sort((19, 32), 0.5) }),
];

impl Household {
    /// The household of a person. People of stories have none here.
    pub fn of(seed: u64, index: usize, today: Day) -> Household {
        let block = (index - STORIES) / BLOCK;
        let (begin, end) = (STORIES + block * BLOCK, STORIES + (block + 1) * BLOCK);
        let mut first = begin;
        loop {
            let mut random = Random::of(seed, HOUSEHOLD, first as u64);
            let sort = random.weighted(SORTS);
            let household = Household::draw(sort, first, end, today, &mut random);
            let next = first + household.members.len();
            if index < next {
                return household;
            }
            first = next;
        }
    }

    fn draw(sort: &Sort, first: usize, end: usize, today: Day, random: &mut Random) -> Household {
        let practice = random.below(TOWNS.len());
        let heritage = *random.weighted(HERITAGES);
        let mut household = Household {
            address: Address::draw(&TOWNS[practice], random),
            landline: random
                .chance(0.25 + f64::from(sort.head.1) / 140.0)
                .then(|| addresses::landline(random)),
            practice,
            married: random.chance(0.6),
            members: Vec::new(),
        };
        let age = random.between(sort.head.0, sort.head.1);
        let sex = if random.chance(sort.women) { Sex::Female } else { Sex::Male };
        household.join(first, Role::Head, sex, aged(age, today, random), heritage, random);
        if sort.partner {
            household.join_partner(first, age, today, random);
        }
        let children = random.between(sort.children.0, sort.children.1);
        let mut birth = None;
        for _ in 0..children {
            birth = Some(child_birth(birth, age, sort.children_ages, today, random));
            let sex = if random.chance(0.488) { Sex::Female } else { Sex::Male };
            let birth = birth.expect("it was set a line ago");
            household.join(first, Role::Child, sex, birth, heritage, random);
        }
        if sort.grandparent {
            let age = age + random.between(23, 36);
            let sex = if random.chance(0.7) { Sex::Female } else { Sex::Male };
            household.join(first, Role::Grandparent, sex, aged(age, today, random), heritage, random);
        }
        for _ in 0..sort.sharers {
            let age = random.between(sort.head.0, sort.head.1);
            let sex = if random.chance(0.5) { Sex::Female } else { Sex::Male };
            let heritage = *random.weighted(HERITAGES);
            household.join(first, Role::Sharer, sex, aged(age, today, random), heritage, random);
        }
        household.members.truncate(end - first);
        household
    }

    fn join(
        &mut self,
        first: usize,
        role: Role,
        sex: Sex,
        birth: Day,
        heritage: Heritage,
        random: &mut Random,
    ) {
        let family = match (role, self.members.first()) {
            (Role::Child, Some(head)) => match self.members.get(1) {
                // Children of a couple bear the name of the partner, who is the father in most.
                Some(partner) if partner.role == Role::Partner && random.chance(0.92) => {
                    partner.family.clone()
                }
                _ => head.family.clone(),
            },
            (Role::Grandparent, Some(head)) if random.chance(0.5) => {
                head.former.as_ref().unwrap_or(&head.family).clone()
            }
            _ => gendered(heritage.family(random), sex),
        };
        let age_band = birth.year();
        let given = self.unused(heritage, sex, age_band, random);
        let mobile = random.chance(0.85).then(|| addresses::mobile(random));
        let family = match role {
            Role::Child | Role::Grandparent => regendered(&family, sex),
            _ => family,
        };
        let index = first + self.members.len();
        self.members.push(Member { index, role, sex, birth, heritage, given, family, former: None, mobile });
    }

    fn join_partner(&mut self, first: usize, age: i32, today: Day, random: &mut Random) {
        let head = &self.members[0];
        let same_sex = random.chance(0.03);
        let sex = match (head.sex, same_sex) {
            (sex, true) => sex,
            (Sex::Female, false) => Sex::Male,
            (Sex::Male, false) => Sex::Female,
        };
        let heritage = if random.chance(0.88) { head.heritage } else { *random.weighted(HERITAGES) };
        let age = (age + random.between(-3, 6)).max(19);
        self.join(first, Role::Partner, sex, aged(age, today, random), heritage, random);
        if !self.married {
            return;
        }
        let theirs = self.members[1].family.clone();
        let head = &mut self.members[0];
        let own = head.family.clone();
        match random.below(20) {
            0..=15 => head.family = regendered(&theirs, head.sex),
            16 if !own.contains(['-', ' ']) && !theirs.contains(['-', ' ']) => {
                head.family = format!("{own}-{theirs}")
            }
            _ => return,
        }
        head.former = (head.family != own).then_some(own);
    }

    /// A first name that nobody in the household has yet.
    fn unused(&self, heritage: Heritage, sex: Sex, born: i32, random: &mut Random) -> &'static str {
        (0..8)
            .map(|_| heritage.given(sex, born, random))
            .find(|given| self.members.iter().all(|member| member.given != *given))
            .unwrap_or("Robin")
    }
}

/// A day of birth that gives this age today.
fn aged(age: i32, today: Day, random: &mut Random) -> Day {
    today.plus_years(-age).plus(-random.between(1, 364))
}

/// The birth of the next child: a twin of the last, or some years later, while the mother was 17 to 44.
fn child_birth(last: Option<Day>, mother: i32, ages: (i32, i32), today: Day, random: &mut Random) -> Day {
    if let Some(last) = last {
        if random.chance(0.03) {
            return last;
        }
        let next = last.plus(random.between(450, 1_500));
        if next < today.plus(-2) && mother - today.age(next) < 44 {
            return next;
        }
        let before = last.plus(-random.between(450, 1_100));
        return if mother - today.age(before) > 17 { before } else { last };
    }
    let eldest = ages.1.min(mother - 18).max(0);
    let youngest = ages.0.max(mother - 42).min(eldest);
    today.plus_years(-random.between(youngest, eldest)).plus(-random.between(1, 364))
}

/// A family name carried over to someone of the other sex.
fn regendered(family: &str, sex: Sex) -> String {
    let masculine = ["ska", "cka", "ńka"].iter().find_map(|ending| {
        family.strip_suffix(ending).map(|stem| format!("{stem}{}i", &ending[..ending.len() - 1]))
    });
    gendered(masculine.as_deref().unwrap_or(family), sex)
}

const HOUSEHOLD: u64 = 1;
