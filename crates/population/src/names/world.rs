//! Names that families brought to England from elsewhere.

/// Names of one origin.
pub struct Origin {
    /// Given names of girls.
    pub girls: &'static [&'static str],
    /// Given names of boys.
    pub boys: &'static [&'static str],
    /// Family names.
    pub families: &'static [&'static str],
}

/// Poland. Women bear the feminine form of names in -ski and -cki.
#[rustfmt::skip]
pub const POLISH: Origin = Origin {
    girls: &[
        "Agnieszka", "Katarzyna", "Małgorzata", "Zofia", "Joanna", "Ewa", "Maja", "Hanna", "Julia", "Beata",
        "Grażyna", "Oliwia",
    ],
    boys: &[
        "Piotr", "Krzysztof", "Tomasz", "Paweł", "Michał", "Łukasz", "Jakub", "Szymon", "Wojciech",
        "Antoni", "Marek", "Kacper",
    ],
    families: &[
        "Nowak", "Kowalski", "Wiśniewski", "Wójcik", "Kamiński", "Lewandowski", "Zieliński", "Szymański",
        "Woźniak", "Dąbrowski", "Kozłowski", "Jankowski", "Mazur", "Krawczyk", "Piotrowski", "Górecki",
    ],
};

/// Romania, Italy, Portugal, Lithuania and other places in Europe.
#[rustfmt::skip]
pub const EUROPEAN: Origin = Origin {
    girls: &[
        "Ioana", "Elena", "Mihaela", "Giulia", "Beatriz", "Inês", "Rūta", "Ramona", "Chiara", "Ana",
        "Sofía", "Ilona",
    ],
    boys: &[
        "Andrei", "Mihai", "Ștefan", "Marco", "João", "Tiago", "Jonas", "Cristian", "Luca", "Nuno",
        "Dimitrios", "Miklós",
    ],
    families: &[
        "Popescu", "Ionescu", "Munteanu", "Rossi", "Esposito", "Ferreira", "Gonçalves", "Kazlauskas",
        "Papadopoulos", "Horváth", "De Luca", "Conceição", "Müller", "Van den Berg", "Núñez", "Dumitrescu",
    ],
};

/// India.
#[rustfmt::skip]
pub const INDIAN: Origin = Origin {
    girls: &[
        "Priya", "Anjali", "Meera", "Sunita", "Kavita", "Deepa", "Harpreet", "Jaspreet", "Lakshmi", "Nisha",
        "Rekha", "Aanya", "Diya", "Pushpa",
    ],
    boys: &[
        "Raj", "Sanjay", "Vikram", "Amit", "Rahul", "Suresh", "Gurpreet", "Manjit", "Arjun", "Kiran",
        "Dinesh", "Rohan", "Aarav", "Bhavesh",
    ],
    families: &[
        "Patel", "Singh", "Sharma", "Shah", "Kaur", "Mistry", "Desai", "Gill", "Dhillon", "Sandhu",
        "Chauhan", "Mehta", "Krishnan", "Venkataraman", "Iyer", "Parmar", "Reddy", "Solanki",
    ],
};

/// Pakistan.
#[rustfmt::skip]
pub const PAKISTANI: Origin = Origin {
    girls: &[
        "Ayesha", "Fatima", "Zainab", "Sadia", "Nasreen", "Shabana", "Hira", "Maryam", "Rukhsana", "Amna",
        "Saima", "Inaya",
    ],
    boys: &[
        "Mohammed", "Imran", "Bilal", "Asif", "Usman", "Tariq", "Hamza", "Zeeshan", "Ibrahim", "Nadeem",
        "Faisal", "Yusuf",
    ],
    families: &[
        "Khan", "Hussain", "Ahmed", "Malik", "Iqbal", "Akhtar", "Mahmood", "Mirza", "Chaudhry", "Qureshi",
        "Butt", "Shafiq", "Rehman", "Bibi",
    ],
};

/// Bangladesh.
#[rustfmt::skip]
pub const BANGLADESHI: Origin = Origin {
    girls: &[
        "Nazma", "Shirin", "Rahima", "Sultana", "Tasnim", "Farhana", "Jannat", "Rina", "Momtaz", "Nusrat",
    ],
    boys: &[
        "Abdul", "Shahid", "Kamal", "Rafiq", "Mizanur", "Tanvir", "Jamal", "Anwar", "Habib", "Rahim",
    ],
    families: &[
        "Begum", "Miah", "Rahman", "Islam", "Uddin", "Ali", "Choudhury", "Khatun", "Haque", "Hossain",
        "Alam", "Sarkar",
    ],
};

/// China and Hong Kong.
#[rustfmt::skip]
pub const CHINESE: Origin = Origin {
    girls: &[
        "Mei", "Xiuying", "Ling", "Jing", "Yan", "Wai-Yee", "Hui", "Xinyi", "Ka-Man", "Lan",
    ],
    boys: &[
        "Wei", "Jun", "Ming", "Chi-Keung", "Hao", "Tao", "Kwok-Wing", "Jian", "Feng", "Zhiyuan",
    ],
    families: &[
        "Wang", "Li", "Zhang", "Chan", "Wong", "Cheung", "Lam", "Liu", "Chen", "Ng", "Leung", "Ouyang",
        "Lü", "Ho",
    ],
};

/// Other places in Asia: Sri Lanka, Nepal, the Philippines, Vietnam, Iran.
#[rustfmt::skip]
pub const ASIAN: Origin = Origin {
    girls: &[
        "Tharshini", "Sita", "Maricel", "Thảo", "Shirin", "Nimali", "Angelica", "Linh", "Parisa", "Kumari",
        "Rosario",
    ],
    boys: &[
        "Sivakumar", "Bishnu", "Rodrigo", "Minh", "Reza", "Nuwan", "Jerome", "Đức", "Arash", "Prakash",
        "Ramon",
    ],
    families: &[
        "Sivanathan", "Gurung", "Dela Cruz", "Nguyễn", "Hosseini", "Fernando", "Santos", "Trần", "Rai",
        "Jayawardena", "Thapa", "Rezaei",
    ],
};

/// West, East and southern Africa.
#[rustfmt::skip]
pub const AFRICAN: Origin = Origin {
    girls: &[
        "Ngozi", "Adaeze", "Folasade", "Abena", "Akosua", "Chiamaka", "Wanjiru", "Thandiwe", "Hodan",
        "Yetunde", "Efua", "Tendai", "Ifẹ́olúwa", "Blessing",
    ],
    boys: &[
        "Chukwuemeka", "Oluwaseun", "Kwame", "Kofi", "Tunde", "Emeka", "Tafadzwa", "Abdi", "Ayodele",
        "Kwabena", "Sipho", "Obinna", "Babajide", "Emmanuel",
    ],
    families: &[
        "Adeyemi", "Okafor", "Mensah", "Owusu", "Okonkwo", "Balogun", "Boateng", "Nwosu", "Mutasa", "Kamau",
        "Abdullahi", "Osei-Tutu", "Adébáyò", "Ogunleye", "Moyo", "Tesfaye", "Asante", "N'Diaye",
    ],
};

/// Jamaica, Barbados, Trinidad and other islands.
#[rustfmt::skip]
pub const CARIBBEAN: Origin = Origin {
    girls: &[
        "Beverley", "Claudette", "Marcia", "Yvonne", "Shanice", "Tanisha", "Hyacinth", "Sonia", "Latoya",
        "Kezia", "Merlene", "Aaliyah",
    ],
    boys: &[
        "Winston", "Delroy", "Leroy", "Errol", "Tyrone", "Marlon", "Desmond", "Jermaine", "Curtis",
        "Isaiah", "Lloyd", "Malachi",
    ],
    families: &[
        "Campbell", "Grant", "Francis", "Thompson", "Brown", "Morgan", "Lewis", "Blake", "Gordon", "Powell",
        "Braithwaite", "Samuels", "Clarke", "Bailey-Hinds",
    ],
};

/// Arabic-speaking countries, Türkiye and the Kurds.
#[rustfmt::skip]
pub const ARAB: Origin = Origin {
    girls: &[
        "Layla", "Noor", "Salma", "Huda", "Rania", "Aisha", "Zeynep", "Samira", "Yasmin", "Dilan", "Hala",
    ],
    boys: &[
        "Omar", "Khalid", "Ahmad", "Karim", "Youssef", "Hassan", "Emre", "Sami", "Tariq", "Rêbaz", "Walid",
    ],
    families: &[
        "Al-Hassan", "El-Sayed", "Haddad", "Mansour", "Al-Rashid", "Yılmaz", "Saleh", "Khalil", "Nasser",
        "Aziz", "Öztürk", "Ben Youssef",
    ],
};
