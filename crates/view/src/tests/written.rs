//! Rows in each format.

use crate::write::Output;
use crate::{Format, Rows, View};
use bytes::Bytes;
use fhir::{Json, Limits};
use parquet::file::reader::{FileReader, SerializedFileReader};

/// The rows in a format of text.
pub fn text(view: &View, format: Format, rows: &Rows<'_>) -> String {
    String::from_utf8(bytes(view, format, rows)).unwrap()
}

pub fn bytes(view: &View, format: Format, rows: &Rows<'_>) -> Vec<u8> {
    let mut output = Output::new(view, format, Vec::new()).unwrap();
    output.write(view.encode(format, rows).unwrap()).unwrap();
    output.finish().unwrap()
}

const PEOPLE: &str = r#"{"resource":"Patient","select":[{"column":[
    {"name":"id","path":"id","type":"id"},
    {"name":"active","path":"active","type":"boolean"},
    {"name":"births","path":"multipleBirth.ofType(integer)","type":"integer"},
    {"name":"given","path":"name.given","type":"string","collection":true},
    {"name":"text","path":"name.first().text"},
    {"name":"weight","path":"extension.value.ofType(decimal)","type":"decimal"},
    {"name":"period","path":"name.first().period","type":"Period"},
    {"name":"updated","path":"meta.lastUpdated","type":"instant"}]}]}"#;
const RESOURCES: [&str; 2] = [
    r#"{"resourceType":"Patient","id":"a","meta":{"lastUpdated":"2020-01-02T03:04:05.006+01:00"},
        "extension":[{"url":"u","valueDecimal":72.50}],"active":false,"multipleBirthInteger":2,
        "name":[{"text":"Say \"a\", b\nc","given":["Jo","Al"],"period":{"start":"2020"}}]}"#,
    r#"{"resourceType":"Patient","id":"b","name":[{"text":""}]}"#,
];

/// The people in a format.
fn people(format: Format) -> Vec<u8> {
    let definition = Json::parse(PEOPLE, Limits::DOOR).unwrap();
    let view = View::parse(definition.root()).unwrap();
    let resources = RESOURCES.map(|text| Json::parse(text, Limits::DOOR).unwrap());
    let mut rows = view.rows();
    resources.iter().for_each(|resource| view.run(resource.root(), &mut rows).unwrap());
    bytes(&view, format, &rows)
}

#[test]
fn lines_are_json_with_the_digits_as_they_were_written() {
    let wanted = concat!(
        r#"{"id":"a","active":false,"births":2,"given":["Jo","Al"],"text":"Say \"a\", b\nc","weight":72.50,"#,
        r#""period":{"start":"2020"},"updated":"2020-01-02T03:04:05.006+01:00"}"#,
        "\n",
        r#"{"id":"b","active":null,"births":null,"given":[],"text":"","weight":null,"period":null,"updated":null}"#,
        "\n"
    );
    let lines = String::from_utf8(people(Format::Ndjson)).unwrap();
    assert_eq!(lines, wanted);
    let array = String::from_utf8(people(Format::Json)).unwrap();
    assert_eq!(array, format!("[\n{}\n]\n", wanted.trim_end().replace('\n', ",\n")));
    Json::parse(array, Limits::DOOR).unwrap();
}

#[test]
fn csv_quotes_what_must_be_and_tells_nothing_from_an_empty_text() {
    let lines = concat!(
        "a,false,2,\"[\"\"Jo\"\",\"\"Al\"\"]\",\"Say \"\"a\"\", b\nc\",72.50,\"{\"\"start\"\":\"\"2020\"\"}\",",
        "2020-01-02T03:04:05.006+01:00\r\nb,,,[],\"\",,,\r\n"
    );
    assert_eq!(String::from_utf8(people(Format::Csv { header: false })).unwrap(), lines);
    let header = "id,active,births,given,text,weight,period,updated\r\n";
    assert_eq!(String::from_utf8(people(Format::Csv { header: true })).unwrap(), format!("{header}{lines}"));
}

#[test]
fn parquet_has_columns_of_their_types_and_is_read_back() {
    let reader = SerializedFileReader::new(Bytes::from(people(Format::Parquet))).unwrap();
    let rows: Vec<String> = reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
    assert_eq!(
        rows,
        [
            concat!(
                r#"{id: "a", active: false, births: 2, given: ["Jo", "Al"], text: "Say "a", b"#,
                "\n",
                r#"c", weight: "72.50", period: "{"start":"2020"}", updated: 2020-01-02 02:04:05.006 +00:00}"#
            ),
            r#"{id: "b", active: null, births: null, given: [], text: "", weight: null, period: null, updated: null}"#,
        ]
    );
}

#[test]
fn formats_go_by_their_short_names() {
    assert_eq!("csv".parse(), Ok(Format::Csv { header: true }));
    assert!("xlsx".parse::<Format>().unwrap_err().contains("Use ndjson, json, csv or parquet"));
}
