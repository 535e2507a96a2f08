//! What the browser loads besides pages: embedded when the program is built, named after their content, and
//! so fit to be kept for ever.

use axum::body::Body;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use html::Assets;

struct File {
    logical: &'static str,
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
    gzip: Option<&'static [u8]>,
}

static FILES: &[File] = &include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The addresses of all files, for the head of a page.
pub fn addresses() -> Assets {
    let pairs = FILES.iter().map(|file| (file.logical.to_owned(), format!("/assets/{}", file.name)));
    Assets::new(pairs)
}

/// One file. Names that are not in the table are not found, so a name never becomes a path.
pub fn file(name: &str, headers: &HeaderMap) -> Response {
    let Some(file) = FILES.iter().find(|file| file.name == name) else {
        return Response::builder()
            .status(StatusCode::NOT_FOUND)
            .body(Body::from("There is no such file. Load the page again.\n"))
            .expect("a status is a valid response");
    };
    let accepted = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let gzip = file.gzip.filter(|_| takes_gzip(accepted));
    let mut response = Response::builder()
        .header(CONTENT_TYPE, file.kind)
        .header(CACHE_CONTROL, "public, max-age=31536000, immutable")
        .header(VARY, "accept-encoding");
    if gzip.is_some() {
        response = response.header(CONTENT_ENCODING, "gzip");
    }
    response.body(Body::from(gzip.unwrap_or(file.bytes))).expect("these headers are valid")
}

/// True when `Accept-Encoding` names gzip and does not give it the quality 0 (RFC 9110, 12.5.3).
fn takes_gzip<'a>(mut lines: impl Iterator<Item = &'a str>) -> bool {
    lines.any(|line| {
        line.split(',').any(|coding| {
            let (name, quality) = coding.split_once(";q=").unwrap_or((coding, "1"));
            name.trim() == "gzip" && quality.trim().parse::<f32>().is_ok_and(|quality| quality > 0.0)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        for (line, takes) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, gzip;q=0.5", true),
            ("gzip;q=0", false),
            ("br", false),
            ("", false),
        ] {
            assert_eq!(takes_gzip([line].into_iter()), takes, "{line}");
        }
    }
}
