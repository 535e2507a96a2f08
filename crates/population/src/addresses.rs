//! Streets, towns and telephone numbers that do not exist.
//!
//! Postcodes have the form of real ones, but no post town uses the areas ZX and ZN.
//! Telephone numbers are of the ranges that Ofcom keeps for use in drama: 01632 960000 to 960999 and
//! 07700 900000 to 900999. Mail addresses end in `example.org` (RFC 2606).

use crate::elements::period;
use crate::random::Random;
use crate::time::Day;
use fhir::Tree;

/// Where someone lives.
#[derive(Clone, Debug)]
pub struct Address {
    /// House and street, and a name of a house or flat before them for some.
    pub lines: Vec<String>,
    /// The town.
    pub town: &'static str,
    /// The postcode.
    pub postcode: String,
}

impl Address {
    /// An address in a town.
    pub fn draw(town: &Town, random: &mut Random) -> Address {
        let street = format!("{} {}", random.pick(STREETS), random.pick(WAYS));
        let house = match random.below(20) {
            0 => format!("{}a {street}", random.between(1, 60)),
            1 => format!("{} {street}", random.between(100, 349)),
            _ => format!("{} {street}", random.between(1, 98)),
        };
        let mut lines = vec![house];
        match random.below(20) {
            0..=2 => lines.insert(0, format!("Flat {}", random.between(1, 24))),
            3 => lines.insert(0, format!("{} Cottage", random.pick(STREETS))),
            4 => lines.insert(0, format!("{} House", random.pick(STREETS))),
            _ => {}
        }
        let postcode = format!(
            "{} {}{}{}",
            random.pick(town.districts),
            random.between(1, 9),
            *random.pick(INWARD) as char,
            *random.pick(INWARD) as char
        );
        Address { lines, town: town.name, postcode }
    }

    /// The FHIR data type, for home.
    pub fn tree(&self, from: Option<Day>, until: Option<Day>) -> Tree {
        let lines: Vec<Tree> = self.lines.iter().map(|line| Tree::from(line.as_str())).collect();
        let dates = match (from, until) {
            (Some(from), until) => Some(period(from, until)),
            (None, Some(until)) => Some(Tree::object().with("end", until.to_string())),
            (None, None) => None,
        };
        Tree::object()
            .with("use", if until.is_some() { "old" } else { "home" })
            .with("line", lines)
            .with("city", self.town)
            .with("district", COUNTY)
            .with("postalCode", self.postcode.as_str())
            .maybe("period", dates)
    }

    /// One line of text, as on an envelope.
    pub fn line(&self) -> String {
        format!("{}, {}, {}", self.lines.join(", "), self.town, self.postcode)
    }
}

/// A town and its postcode districts.
pub struct Town {
    /// Its name.
    pub name: &'static str,
    /// First halves of its postcodes.
    pub districts: &'static [&'static str],
}

/// The towns of the county, in the order of [`crate::places::PRACTICES`].
pub const TOWNS: [Town; 6] = [
    Town { name: "Northgate", districts: &["ZX1", "ZX2", "ZX3", "ZX4"] },
    Town { name: "Northgate", districts: &["ZX1", "ZX4", "ZX5"] },
    Town { name: "Harrowmere", districts: &["ZX9", "ZX10"] },
    Town { name: "Stonebeck", districts: &["ZX14", "ZX15"] },
    Town { name: "Tarlbridge", districts: &["ZN2", "ZN3"] },
    Town { name: "Fennimore St Mary", districts: &["ZN7"] },
];

/// The county, of which nobody has heard.
pub const COUNTY: &str = "Wealdmoor";

/// A mobile number.
pub fn mobile(random: &mut Random) -> String {
    format!("07700 900{:03}", random.below(1_000))
}

/// A number of a house.
pub fn landline(random: &mut Random) -> String {
    format!("01632 960{:03}", random.below(1_000))
}

/// A mail address from names, with a number against mix-ups.
pub fn email(given: &str, family: &str, number: usize) -> String {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect()
    };
    format!("{}.{}{}@example.org", plain(given), plain(family), number % 100)
}

/// Letters that the second half of a postcode may have.
const INWARD: &[u8] = b"ABDEFGHJLNPQRSTUWXYZ";

#[rustfmt::skip]
const STREETS: &[&str] = &[
    "Alder", "Ashgrove", "Barley", "Beacon", "Bellfield", "Birch", "Blackthorn", "Bramble", "Brook",
    "Canal", "Castle", "Cedar", "Chapel", "Chestnut", "Church", "Clover", "Coppice", "Cowslip", "Cross",
    "Curlew", "Daisy", "Elm", "Fairfield", "Falcon", "Farrier", "Fern", "Foundry", "Foxglove", "Garden",
    "Glebe", "Grange", "Hawthorn", "Hazel", "Heron", "Hill", "Holly", "Ivy", "Jubilee", "Juniper",
    "Kestrel", "Kiln", "Larch", "Lavender", "Lime", "Linden", "Malt", "Maple", "Market", "Meadow", "Mill",
    "Millbrook", "Moor", "Nightingale", "Orchard", "Otter", "Park", "Pear Tree", "Pinfold", "Plover",
    "Poplar", "Priory", "Quarry", "Queen's", "Railway", "Rectory", "Ridge", "River", "Rook", "Rowan",
    "Saddler's", "St Anne's", "School", "Sheaf", "Silver", "Skylark", "Spring", "Station", "Sycamore",
    "Tannery", "Thistle", "Tower", "Union", "Vale", "Victoria", "Walnut", "Water", "Weaver", "Wharf",
    "Willow", "Windmill", "Wren", "Yew",
];

#[rustfmt::skip]
const WAYS: &[&str] = &[
    "Street", "Street", "Road", "Road", "Road", "Lane", "Lane", "Avenue", "Avenue", "Close", "Close",
    "Drive", "Crescent", "Terrace", "Way", "Court", "Gardens", "Grove", "Place", "Rise", "View", "Walk",
    "Mews", "Hill", "Row",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// All postcode areas in use (Royal Mail, Postcode Address File).
    const AREAS: &str = "\
        AB AL B BA BB BD BF BH BL BN BR BS BT BX CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT \
        DY E EC EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE \
        LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM \
        SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE ZZ";

    #[test]
    fn postcodes_look_right_and_are_of_no_real_area() {
        for town in &TOWNS {
            let postcode = Address::draw(town, &mut Random::of(1, 2, 3)).postcode;
            let area: String = postcode.chars().take_while(char::is_ascii_alphabetic).collect();
            assert!(AREAS.split_whitespace().all(|real| real != area), "{postcode}");
            let (outward, inward) = postcode.split_once(' ').unwrap();
            assert!((3..=4).contains(&outward.len()) && inward.len() == 3, "{postcode}");
            assert!(inward.starts_with(|c: char| c.is_ascii_digit()), "{postcode}");
        }
    }

    #[test]
    fn telephone_numbers_are_of_the_drama_ranges() {
        let mut random = Random::of(4, 5, 6);
        assert!(mobile(&mut random).starts_with("07700 900") && mobile(&mut random).len() == 12);
        assert!(landline(&mut random).starts_with("01632 960") && landline(&mut random).len() == 12);
    }

    #[test]
    fn mail_addresses_leave_out_what_mail_may_not_have() {
        assert_eq!(email("Seán", "O'Brien", 1204), "sen.obrien4@example.org");
    }
}
