//! The medicines that people of this county take. Names and usual doses are common knowledge.

use super::{Medicine, Route, Times};

const DAILY: Times = Times { words: "once a day", count: 1, per: 1, unit: "d", needed: false };
const MORNING: Times =
    Times { words: "once a day in the morning", count: 1, per: 1, unit: "d", needed: false };
const NIGHT: Times = Times { words: "once a day at night", count: 1, per: 1, unit: "d", needed: false };
const TWICE: Times = Times { words: "twice a day", count: 2, per: 1, unit: "d", needed: false };
const THRICE: Times = Times { words: "three times a day", count: 3, per: 1, unit: "d", needed: false };
const FOUR: Times = Times { words: "four times a day", count: 4, per: 1, unit: "d", needed: false };
const WEEKLY: Times = Times { words: "once a week", count: 1, per: 1, unit: "wk", needed: false };
const NEEDED: Times = Times { words: "when needed", count: 4, per: 1, unit: "d", needed: true };
const ONCE: Times = Times { words: "once only", count: 1, per: 1, unit: "d", needed: false };

const fn oral(
    code: &'static str,
    words: &'static str,
    each: &'static str,
    dose: &'static str,
    unit: (&'static str, &'static str),
    times: Times,
) -> Medicine {
    Medicine { code, words, each, dose, unit, route: Route::Oral, times, supply: 28 }
}

const fn by(route: Route, medicine: Medicine) -> Medicine {
    Medicine { route, ..medicine }
}

const fn days(supply: i32, medicine: Medicine) -> Medicine {
    Medicine { supply, ..medicine }
}

const MG: (&str, &str) = ("mg", "mg");
const G: (&str, &str) = ("g", "g");
const MICROGRAMS: (&str, &str) = ("micrograms", "ug");
const UNITS: (&str, &str) = ("units", "[iU]");
const ML: (&str, &str) = ("mL", "mL");
const PUFFS: (&str, &str) = ("puffs", "{puff}");
const APPLY: (&str, &str) = ("application", "{application}");
const DROPS: (&str, &str) = ("drops", "[drp]");
const SPRAYS: (&str, &str) = ("sprays", "{spray}");

const TABLET: &str = "ONE tablet";
const CAPSULE: &str = "ONE capsule";
const TWO_TABLETS: &str = "TWO tablets";

// Blood pressure, heart, kidneys.
pub const AMLODIPINE_5: Medicine =
    oral("amlodipine-5-mg-tablets", "Amlodipine 5 mg tablets", TABLET, "5", MG, MORNING);
pub const AMLODIPINE_10: Medicine =
    oral("amlodipine-10-mg-tablets", "Amlodipine 10 mg tablets", TABLET, "10", MG, MORNING);
pub const RAMIPRIL_2: Medicine =
    oral("ramipril-2.5-mg-capsules", "Ramipril 2.5 mg capsules", CAPSULE, "2.5", MG, DAILY);
pub const RAMIPRIL_5: Medicine =
    oral("ramipril-5-mg-capsules", "Ramipril 5 mg capsules", CAPSULE, "5", MG, DAILY);
pub const RAMIPRIL_10: Medicine =
    oral("ramipril-10-mg-capsules", "Ramipril 10 mg capsules", CAPSULE, "10", MG, DAILY);
pub const LOSARTAN: Medicine =
    oral("losartan-50-mg-tablets", "Losartan 50 mg tablets", TABLET, "50", MG, DAILY);
pub const INDAPAMIDE: Medicine =
    oral("indapamide-2.5-mg-tablets", "Indapamide 2.5 mg tablets", TABLET, "2.5", MG, MORNING);
pub const BISOPROLOL_2: Medicine =
    oral("bisoprolol-2.5-mg-tablets", "Bisoprolol 2.5 mg tablets", TABLET, "2.5", MG, MORNING);
pub const BISOPROLOL_5: Medicine =
    oral("bisoprolol-5-mg-tablets", "Bisoprolol 5 mg tablets", TABLET, "5", MG, MORNING);
pub const FUROSEMIDE_40: Medicine =
    oral("furosemide-40-mg-tablets", "Furosemide 40 mg tablets", TABLET, "40", MG, MORNING);
pub const FUROSEMIDE_IV: Medicine = days(
    3,
    by(
        Route::Intravenous,
        oral(
            "furosemide-50-mg-injection",
            "Furosemide 50 mg in 5 mL solution for injection",
            "50 mg by slow injection",
            "50",
            MG,
            TWICE,
        ),
    ),
);
pub const SPIRONOLACTONE: Medicine =
    oral("spironolactone-25-mg-tablets", "Spironolactone 25 mg tablets", TABLET, "25", MG, MORNING);
pub const DAPAGLIFLOZIN: Medicine =
    oral("dapagliflozin-10-mg-tablets", "Dapagliflozin 10 mg tablets", TABLET, "10", MG, DAILY);
pub const APIXABAN_5: Medicine =
    oral("apixaban-5-mg-tablets", "Apixaban 5 mg tablets", TABLET, "5", MG, TWICE);
pub const APIXABAN_2: Medicine =
    oral("apixaban-2.5-mg-tablets", "Apixaban 2.5 mg tablets", TABLET, "2.5", MG, TWICE);
pub const ASPIRIN: Medicine = oral("aspirin-75-mg-tablets", "Aspirin 75 mg tablets", TABLET, "75", MG, DAILY);
pub const CLOPIDOGREL: Medicine =
    oral("clopidogrel-75-mg-tablets", "Clopidogrel 75 mg tablets", TABLET, "75", MG, DAILY);
pub const ATORVASTATIN_20: Medicine =
    oral("atorvastatin-20-mg-tablets", "Atorvastatin 20 mg tablets", TABLET, "20", MG, NIGHT);
pub const ATORVASTATIN_80: Medicine =
    oral("atorvastatin-80-mg-tablets", "Atorvastatin 80 mg tablets", TABLET, "80", MG, NIGHT);
pub const NITRATE: Medicine = by(
    Route::Sublingual,
    oral(
        "glyceryl-trinitrate-400-microgram-spray",
        "Glyceryl trinitrate 400 micrograms per dose sublingual spray",
        "ONE or TWO sprays under the tongue",
        "400",
        MICROGRAMS,
        NEEDED,
    ),
);

// Diabetes, thyroid.
pub const METFORMIN: Medicine =
    oral("metformin-500-mg-tablets", "Metformin 500 mg tablets", TABLET, "500", MG, TWICE);
pub const METFORMIN_1000: Medicine =
    oral("metformin-500-mg-tablets", "Metformin 500 mg tablets", TWO_TABLETS, "1", G, TWICE);
pub const GLICLAZIDE: Medicine =
    oral("gliclazide-80-mg-tablets", "Gliclazide 80 mg tablets", TABLET, "80", MG, TWICE);
pub const SITAGLIPTIN: Medicine =
    oral("sitagliptin-100-mg-tablets", "Sitagliptin 100 mg tablets", TABLET, "100", MG, DAILY);
pub const INSULIN_GLARGINE: Medicine = by(
    Route::Subcutaneous,
    oral(
        "insulin-glargine-100-units-per-ml-pens",
        "Insulin glargine 100 units per mL pre-filled pens",
        "18 units",
        "18",
        UNITS,
        NIGHT,
    ),
);
pub const INSULIN_ASPART: Medicine = by(
    Route::Subcutaneous,
    oral(
        "insulin-aspart-100-units-per-ml-pens",
        "Insulin aspart 100 units per mL pre-filled pens",
        "6 units with meals",
        "6",
        UNITS,
        THRICE,
    ),
);
pub const LEVOTHYROXINE_50: Medicine = oral(
    "levothyroxine-50-microgram-tablets",
    "Levothyroxine 50 microgram tablets",
    TABLET,
    "50",
    MICROGRAMS,
    MORNING,
);
pub const LEVOTHYROXINE_100: Medicine = oral(
    "levothyroxine-100-microgram-tablets",
    "Levothyroxine 100 microgram tablets",
    TABLET,
    "100",
    MICROGRAMS,
    MORNING,
);

// Lungs and nose.
pub const SALBUTAMOL: Medicine = by(
    Route::Inhaled,
    oral(
        "salbutamol-100-microgram-inhaler",
        "Salbutamol 100 micrograms per dose inhaler",
        "TWO puffs",
        "2",
        PUFFS,
        NEEDED,
    ),
);
pub const BECLOMETASONE: Medicine = by(
    Route::Inhaled,
    oral(
        "beclometasone-100-microgram-inhaler",
        "Beclometasone 100 micrograms per dose inhaler",
        "TWO puffs",
        "2",
        PUFFS,
        TWICE,
    ),
);
pub const BUDESONIDE_FORMOTEROL: Medicine = by(
    Route::Inhaled,
    oral(
        "budesonide-formoterol-200-6-inhaler",
        "Budesonide 200 micrograms and formoterol 6 micrograms per dose inhaler",
        "TWO puffs",
        "2",
        PUFFS,
        TWICE,
    ),
);
pub const TIOTROPIUM: Medicine = by(
    Route::Inhaled,
    oral(
        "tiotropium-2.5-microgram-inhaler",
        "Tiotropium 2.5 micrograms per dose inhaler",
        "TWO puffs",
        "2",
        PUFFS,
        MORNING,
    ),
);
pub const SALBUTAMOL_NEBULISER: Medicine = by(
    Route::Inhaled,
    oral(
        "salbutamol-5-mg-nebuliser",
        "Salbutamol 5 mg in 2.5 mL nebuliser liquid",
        "ONE nebule by nebuliser",
        "5",
        MG,
        FOUR,
    ),
);
pub const PREDNISOLONE: Medicine =
    days(5, oral("prednisolone-5-mg-tablets", "Prednisolone 5 mg tablets", "SIX tablets", "30", MG, MORNING));
pub const DEXAMETHASONE: Medicine = days(
    1,
    oral(
        "dexamethasone-2-mg-in-5-ml-solution",
        "Dexamethasone 2 mg in 5 mL oral solution",
        "5 mL",
        "2",
        MG,
        ONCE,
    ),
);
pub const CETIRIZINE: Medicine =
    oral("cetirizine-10-mg-tablets", "Cetirizine 10 mg tablets", TABLET, "10", MG, DAILY);
pub const FLUTICASONE: Medicine = by(
    Route::Nasal,
    oral(
        "fluticasone-50-microgram-nasal-spray",
        "Fluticasone 50 micrograms per dose nasal spray",
        "TWO sprays into each nostril",
        "2",
        SPRAYS,
        DAILY,
    ),
);

// Infections.
pub const AMOXICILLIN: Medicine =
    days(5, oral("amoxicillin-500-mg-capsules", "Amoxicillin 500 mg capsules", CAPSULE, "500", MG, THRICE));
pub const AMOXICILLIN_CHILD: Medicine = days(
    5,
    oral(
        "amoxicillin-250-mg-in-5-ml-suspension",
        "Amoxicillin 250 mg in 5 mL oral suspension",
        "5 mL",
        "5",
        ML,
        THRICE,
    ),
);
pub const CLARITHROMYCIN_CHILD: Medicine = days(
    5,
    oral(
        "clarithromycin-125-mg-in-5-ml-suspension",
        "Clarithromycin 125 mg in 5 mL oral suspension",
        "5 mL",
        "5",
        ML,
        TWICE,
    ),
);
pub const DOXYCYCLINE: Medicine =
    days(5, oral("doxycycline-100-mg-capsules", "Doxycycline 100 mg capsules", CAPSULE, "100", MG, DAILY));
pub const FLUCLOXACILLIN: Medicine = days(
    7,
    oral("flucloxacillin-500-mg-capsules", "Flucloxacillin 500 mg capsules", CAPSULE, "500", MG, FOUR),
);
pub const FLUCLOXACILLIN_CHILD: Medicine = days(
    7,
    oral(
        "flucloxacillin-125-mg-in-5-ml-solution",
        "Flucloxacillin 125 mg in 5 mL oral solution",
        "5 mL",
        "5",
        ML,
        FOUR,
    ),
);
pub const NITROFURANTOIN: Medicine = days(
    3,
    oral(
        "nitrofurantoin-100-mg-capsules",
        "Nitrofurantoin 100 mg modified-release capsules",
        CAPSULE,
        "100",
        MG,
        TWICE,
    ),
);
pub const TRIMETHOPRIM: Medicine =
    days(3, oral("trimethoprim-200-mg-tablets", "Trimethoprim 200 mg tablets", TABLET, "200", MG, TWICE));
pub const PHENOXYMETHYLPENICILLIN: Medicine = days(
    10,
    oral(
        "phenoxymethylpenicillin-250-mg-tablets",
        "Phenoxymethylpenicillin 250 mg tablets",
        TWO_TABLETS,
        "500",
        MG,
        FOUR,
    ),
);
pub const CO_AMOXICLAV_IV: Medicine = days(
    2,
    by(
        Route::Intravenous,
        oral(
            "co-amoxiclav-1.2-g-injection",
            "Co-amoxiclav 1 g and 200 mg powder for injection",
            "1.2 g by slow injection",
            "1.2",
            G,
            THRICE,
        ),
    ),
);
pub const CHLORAMPHENICOL: Medicine = days(
    5,
    by(
        Route::Eye,
        oral("chloramphenicol-0.5-eye-drops", "Chloramphenicol 0.5% eye drops", "ONE drop", "1", DROPS, FOUR),
    ),
);
pub const CLOTRIMAZOLE: Medicine = days(
    14,
    by(Route::Skin, oral("clotrimazole-1-cream", "Clotrimazole 1% cream", "Apply thinly", "1", APPLY, TWICE)),
);
pub const FLUCONAZOLE: Medicine =
    days(1, oral("fluconazole-150-mg-capsules", "Fluconazole 150 mg capsules", CAPSULE, "150", MG, ONCE));

// Pain, joints, bones.
pub const PARACETAMOL: Medicine =
    oral("paracetamol-500-mg-tablets", "Paracetamol 500 mg tablets", TWO_TABLETS, "1", G, NEEDED);
pub const PARACETAMOL_CHILD: Medicine = days(
    5,
    oral(
        "paracetamol-120-mg-in-5-ml-suspension",
        "Paracetamol 120 mg in 5 mL oral suspension",
        "5 mL",
        "120",
        MG,
        NEEDED,
    ),
);
pub const IBUPROFEN: Medicine =
    days(7, oral("ibuprofen-400-mg-tablets", "Ibuprofen 400 mg tablets", TABLET, "400", MG, THRICE));
pub const NAPROXEN: Medicine =
    days(14, oral("naproxen-250-mg-tablets", "Naproxen 250 mg tablets", TWO_TABLETS, "500", MG, TWICE));
pub const CODEINE: Medicine =
    days(5, oral("codeine-30-mg-tablets", "Codeine 30 mg tablets", TABLET, "30", MG, NEEDED));
pub const ALLOPURINOL: Medicine =
    oral("allopurinol-100-mg-tablets", "Allopurinol 100 mg tablets", TWO_TABLETS, "200", MG, DAILY);
pub const COLCHICINE: Medicine = days(
    6,
    oral(
        "colchicine-500-microgram-tablets",
        "Colchicine 500 microgram tablets",
        TABLET,
        "500",
        MICROGRAMS,
        TWICE,
    ),
);
pub const ALENDRONIC_ACID: Medicine =
    oral("alendronic-acid-70-mg-tablets", "Alendronic acid 70 mg tablets", TABLET, "70", MG, WEEKLY);
pub const CALCIUM: Medicine = oral(
    "calcium-vitamin-d-tablets",
    "Calcium 600 mg and vitamin D 400 units tablets",
    TABLET,
    "600",
    MG,
    TWICE,
);
pub const SUMATRIPTAN: Medicine =
    oral("sumatriptan-50-mg-tablets", "Sumatriptan 50 mg tablets", TABLET, "50", MG, NEEDED);

// Mind and nerves.
pub const SERTRALINE_50: Medicine =
    oral("sertraline-50-mg-tablets", "Sertraline 50 mg tablets", TABLET, "50", MG, DAILY);
pub const SERTRALINE_100: Medicine =
    oral("sertraline-100-mg-tablets", "Sertraline 100 mg tablets", TABLET, "100", MG, DAILY);
pub const MIRTAZAPINE: Medicine =
    oral("mirtazapine-15-mg-tablets", "Mirtazapine 15 mg tablets", TABLET, "15", MG, NIGHT);
pub const PROPRANOLOL: Medicine =
    oral("propranolol-40-mg-tablets", "Propranolol 40 mg tablets", TABLET, "40", MG, NEEDED);
pub const DONEPEZIL_5: Medicine =
    oral("donepezil-5-mg-tablets", "Donepezil 5 mg tablets", TABLET, "5", MG, NIGHT);
pub const DONEPEZIL_10: Medicine =
    oral("donepezil-10-mg-tablets", "Donepezil 10 mg tablets", TABLET, "10", MG, NIGHT);
pub const LAMOTRIGINE: Medicine =
    oral("lamotrigine-100-mg-tablets", "Lamotrigine 100 mg tablets", TABLET, "100", MG, TWICE);
pub const LEVETIRACETAM: Medicine =
    oral("levetiracetam-500-mg-tablets", "Levetiracetam 500 mg tablets", TABLET, "500", MG, TWICE);

// Stomach, skin, women's and men's health, cancer, the rest.
pub const OMEPRAZOLE: Medicine =
    oral("omeprazole-20-mg-capsules", "Omeprazole 20 mg capsules", CAPSULE, "20", MG, MORNING);
pub const MACROGOL: Medicine = days(
    10,
    oral(
        "macrogol-sachets",
        "Macrogol compound oral powder sachets",
        "ONE sachet",
        "1",
        ("sachet", "{sachet}"),
        DAILY,
    ),
);
pub const EMOLLIENT: Medicine =
    by(Route::Skin, oral("emollient-cream", "Emollient cream", "Apply freely", "1", APPLY, FOUR));
pub const HYDROCORTISONE: Medicine = days(
    7,
    by(
        Route::Skin,
        oral("hydrocortisone-1-cream", "Hydrocortisone 1% cream", "Apply thinly", "1", APPLY, TWICE),
    ),
);
pub const FERROUS_SULFATE: Medicine =
    oral("ferrous-sulfate-200-mg-tablets", "Ferrous sulfate 200 mg tablets", TABLET, "200", MG, DAILY);
pub const FOLIC_ACID: Medicine = oral(
    "folic-acid-400-microgram-tablets",
    "Folic acid 400 microgram tablets",
    TABLET,
    "400",
    MICROGRAMS,
    DAILY,
);
pub const DESOGESTREL: Medicine = oral(
    "desogestrel-75-microgram-tablets",
    "Desogestrel 75 microgram tablets",
    TABLET,
    "75",
    MICROGRAMS,
    DAILY,
);
pub const TAMSULOSIN: Medicine = oral(
    "tamsulosin-400-microgram-capsules",
    "Tamsulosin 400 microgram modified-release capsules",
    CAPSULE,
    "400",
    MICROGRAMS,
    MORNING,
);
pub const TAMOXIFEN: Medicine =
    oral("tamoxifen-20-mg-tablets", "Tamoxifen 20 mg tablets", TABLET, "20", MG, DAILY);
pub const LETROZOLE: Medicine =
    oral("letrozole-2.5-mg-tablets", "Letrozole 2.5 mg tablets", TABLET, "2.5", MG, DAILY);
pub const LEUPRORELIN: Medicine = by(
    Route::Subcutaneous,
    oral(
        "leuprorelin-11.25-mg-injection",
        "Leuprorelin 11.25 mg prolonged-release injection",
        "11.25 mg by injection",
        "11.25",
        MG,
        Times { words: "once every three months", count: 1, per: 3, unit: "mo", needed: false },
    ),
);
pub const ADRENALINE: Medicine = by(
    Route::Intramuscular,
    oral(
        "adrenaline-300-microgram-pen",
        "Adrenaline 300 micrograms auto-injector pen",
        "ONE injection into the thigh, then call 999",
        "300",
        MICROGRAMS,
        NEEDED,
    ),
);
pub const ENOXAPARIN: Medicine = days(
    5,
    by(
        Route::Subcutaneous,
        oral(
            "enoxaparin-40-mg-syringe",
            "Enoxaparin 40 mg in 0.4 mL pre-filled syringe",
            "40 mg by injection",
            "40",
            MG,
            DAILY,
        ),
    ),
);
