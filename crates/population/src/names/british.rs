//! Names that are common in England and Ireland. Given names follow the years in which they were given.

/// Given names of people born in some years.
pub struct Cohort {
    /// The first year of birth.
    pub from: i32,
    /// Names of girls.
    pub girls: &'static [&'static str],
    /// Names of boys.
    pub boys: &'static [&'static str],
}

/// Cohorts, earliest first.
#[rustfmt::skip]
pub const COHORTS: [Cohort; 5] = [
    Cohort {
        from: 0,
        girls: &[
            "Dorothy", "Margaret", "Jean", "Joan", "Mary", "Joyce", "Kathleen", "Doreen", "Sheila",
            "Barbara", "Irene", "Edna", "Audrey", "Betty", "Vera", "Hilda", "Marjorie", "Eileen", "Muriel",
            "Rita", "Winifred", "Beryl", "Brenda", "Maureen", "June", "Olive", "Phyllis", "Gladys",
        ],
        boys: &[
            "John", "William", "George", "Ronald", "Kenneth", "Arthur", "Frederick", "Albert", "Harold",
            "Stanley", "Leonard", "Dennis", "Raymond", "Eric", "Norman", "Gordon", "Ernest", "Frank", "Roy",
            "Derek", "Alfred", "Reginald", "Cyril", "Walter", "Sidney", "Bernard", "Maurice", "Clifford",
        ],
    },
    Cohort {
        from: 1946,
        girls: &[
            "Susan", "Christine", "Patricia", "Linda", "Carol", "Ann", "Janet", "Pauline", "Jacqueline",
            "Gillian", "Sandra", "Judith", "Hilary", "Valerie", "Lesley", "Elaine", "Marion", "Rosemary",
            "Diane", "Sylvia", "Jennifer", "Elizabeth", "Frances", "Geraldine", "Heather", "Wendy", "Lynne",
            "Theresa",
        ],
        boys: &[
            "David", "Peter", "Michael", "Alan", "Robert", "Brian", "Graham", "Keith", "Roger", "Trevor",
            "Barry", "Malcolm", "Colin", "Geoffrey", "Terence", "Clive", "Philip", "Christopher", "Anthony",
            "Leslie", "Stuart", "Ian", "Martin", "Nigel", "Douglas", "Howard", "Hugh", "Patrick",
        ],
    },
    Cohort {
        from: 1965,
        girls: &[
            "Tracey", "Sharon", "Karen", "Julie", "Deborah", "Alison", "Nicola", "Joanne", "Amanda",
            "Michelle", "Helen", "Samantha", "Louise", "Claire", "Lisa", "Rachel", "Paula", "Dawn",
            "Beverley", "Tina", "Sarah", "Jane", "Catherine", "Angela", "Maria", "Kerry", "Tanya",
            "Siobhan",
        ],
        boys: &[
            "Paul", "Mark", "Andrew", "Stephen", "Gary", "Kevin", "Darren", "Jason", "Simon", "Neil",
            "Richard", "Lee", "Wayne", "Steven", "Carl", "Dean", "Adrian", "Jonathan", "Timothy", "Gareth",
            "Sean", "Craig", "Russell", "Glen", "Julian", "Damian", "Duncan", "Giles",
        ],
    },
    Cohort {
        from: 1983,
        girls: &[
            "Gemma", "Laura", "Emma", "Rebecca", "Charlotte", "Lauren", "Jessica", "Hannah", "Sophie",
            "Amy", "Kirsty", "Stacey", "Natalie", "Kayleigh", "Danielle", "Chelsea", "Bethany", "Megan",
            "Victoria", "Katie", "Leanne", "Zoe", "Abigail", "Georgia", "Eleanor", "Holly", "Jade", "Zoë",
        ],
        boys: &[
            "Christopher", "James", "Daniel", "Matthew", "Thomas", "Adam", "Luke", "Ryan", "Ashley", "Liam",
            "Joshua", "Jack", "Samuel", "Benjamin", "Alexander", "Nathan", "Jamie", "Scott", "Callum",
            "Kieran", "Jordan", "Connor", "Lewis", "Rhys", "Aaron", "Dominic", "Gavin", "Tristan",
        ],
    },
    Cohort {
        from: 2002,
        girls: &[
            "Olivia", "Amelia", "Isla", "Ava", "Mia", "Lily", "Poppy", "Evie", "Freya", "Florence", "Grace",
            "Ella", "Ivy", "Willow", "Daisy", "Phoebe", "Harper", "Elsie", "Matilda", "Rosie", "Niamh",
            "Maisie", "Imogen", "Scarlett", "Ellie-Mae", "Lola", "Thea", "Chloé",
        ],
        boys: &[
            "Oliver", "George", "Noah", "Arthur", "Harry", "Leo", "Alfie", "Freddie", "Archie", "Theo",
            "Oscar", "Charlie", "Jacob", "Finley", "Albie", "Reuben", "Ethan", "Toby", "Rory", "Jude",
            "Dylan", "Hugo", "Caleb", "Tommy-Lee", "Louie", "Jayden", "Seb", "Eoin",
        ],
    },
];

/// Family names.
#[rustfmt::skip]
pub const FAMILIES: &[&str] = &[
    "Smith", "Jones", "Taylor", "Brown", "Williams", "Wilson", "Johnson", "Davies", "Robinson", "Wright",
    "Thompson", "Evans", "Walker", "White", "Roberts", "Green", "Hall", "Wood", "Jackson", "Clarke",
    "Hughes", "Edwards", "Hill", "Moore", "Clark", "Harrison", "Scott", "Young", "Morris", "Ward", "Turner",
    "Carter", "Phillips", "Mitchell", "Patterson", "Bailey", "Cooper", "Parker", "Shaw", "Bennett",
    "Simpson", "Marshall", "Collins", "Bell", "Baker", "Murphy", "Kelly", "Cox", "Fletcher", "Barker",
    "Ellis", "Foster", "Webb", "Chapman", "Holmes", "Butler", "Hargreaves", "Pickering", "Ainsworth",
    "Birtwistle", "Featherstone", "Greenhalgh", "Hebblethwaite", "Kershaw", "Lovelock", "Micklethwaite",
    "Nuttall", "Ogden", "Penhaligon", "Quartermaine", "Ramsbottom", "Sidebotham", "Tattersall", "Ughtred",
    "Verity", "Wainwright", "Yardley", "Ashworth", "Bickerstaff", "Cattermole", "Dewhurst", "Entwistle",
    "Fothergill", "Grimshaw", "Haythornthwaite", "Illingworth", "Jessop", "Kitchener", "Longbottom",
    "Mountjoy", "Nightingale", "Oldroyd", "Pettigrew", "Rowbotham", "Saltmarsh", "Thistlethwaite",
    "Underhill", "Vickers", "Whittaker", "Tregenza", "Trelawney", "Pascoe", "Llewellyn", "Prydderch",
    "Gwynne", "Macdonald", "Campbell", "Farquhar", "Sinclair", "Dunbar", "St John", "Le Fevre",
    "Smythe-Jones", "Barrington-Ward", "Hope", "Bird", "Frost", "Marsh", "Stone",
];

/// Family names from Ireland.
#[rustfmt::skip]
pub const IRISH: &[&str] = &[
    "O'Brien", "O'Sullivan", "Byrne", "Ryan", "O'Connor", "Doyle", "McCarthy", "Gallagher", "O'Doherty",
    "Kennedy", "Lynch", "Quinn", "McLoughlin", "O'Carroll", "Ó Briain", "Nic Dhonncha", "Fitzgerald",
    "Brennan", "Nolan", "Daly",
];

/// Given names of girls from Ireland.
#[rustfmt::skip]
pub const IRISH_GIRLS: &[&str] = &[
    "Siobhán", "Aoife", "Niamh", "Bridget", "Caoimhe", "Deirdre", "Sinéad", "Nuala", "Róisín", "Maeve",
    "Kathleen", "Orla",
];

/// Given names of boys from Ireland.
#[rustfmt::skip]
pub const IRISH_BOYS: &[&str] = &[
    "Seán", "Patrick", "Declan", "Cormac", "Pádraig", "Eoghan", "Brendan", "Fergus", "Dermot", "Cillian",
    "Conor", "Michael",
];
