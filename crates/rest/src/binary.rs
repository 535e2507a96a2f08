//! A Binary as the bytes that it is about (R4 http.html#binary and binary.html#rest).

use crate::body;
use crate::format::{Format, accepted};
use crate::headers::media;
use crate::request::Request;
use crate::response::Response;
use crate::route::Route;
use crate::status::No;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fhir::Tree;
use fhir::json::{Json, Limits};
use record::{Body, Kind, Refusal};
use service::interaction::Pairs;

/// Nothing that a browser might find in strangers' bytes may run, be framed, or be shown in our name.
const POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";
/// Characters of a media type or of a reference in a header, at most.
const VALUE_MAX: usize = 200;

/// Whether a request reads a Binary and does not ask for it as a resource: that must be said, by a media type of
/// FHIR or by `_format`.
pub(crate) fn is_wanted_raw(request: &Request, format: &Pairs) -> bool {
    let reads = matches!(request.method.as_str(), "GET" | "HEAD");
    let is_binary = || {
        matches!(Route::of(&request.path), Ok(Route::Instance("Binary", _) | Route::Version("Binary", ..)))
    };
    let as_resource = |item: &str| media(item).0.contains("fhir");
    reads
        && !format.iter().any(|(name, _)| name == "_format")
        && !accepted(request).split(',').any(as_resource)
        && is_binary()
}

/// The bytes of a Binary, never to be shown by a browser as if they were ours.
pub(crate) fn raw(body: &Body) -> Result<Response, No> {
    let limits = Limits { bytes: usize::MAX, depth: usize::MAX, number: usize::MAX };
    let unreadable =
        || Refusal::new(Kind::Fault, "The data of this Binary cannot be read. Ask for it as FHIR.");
    let json = Json::parse(body.text.as_str(), limits).map_err(|_| unreadable())?;
    let mut data = json.root().str("data").unwrap_or_default().into_owned();
    data.retain(|c| !c.is_ascii_whitespace());
    let content = json.root().str("contentType").unwrap_or_default();
    let content =
        if is_value(&content) && content.contains('/') { &*content } else { "application/octet-stream" };
    let mut response = Response::empty(200)
        .set("content-type", content)
        .set("content-disposition", "attachment")
        .set("content-security-policy", POLICY);
    if let Some(reference) = json.root().at(&["securityContext", "reference"]).and_then(|r| r.as_str())
        && is_value(&reference)
    {
        response = response.set("x-security-context", reference);
    }
    response.body = STANDARD.decode(data).map_err(|_| unreadable())?;
    Ok(response)
}

/// The resource in a body that goes to `kind`. What goes to Binary and is none becomes the content of one. Of a
/// body that calls itself FHIR and cannot be read we say so: it is more likely a broken Binary than a document.
pub(crate) fn incoming(
    request: &Request,
    bytes_max: usize,
    kind: &str,
    id: Option<&str>,
) -> Result<Json, No> {
    let Some(content) = request.header("content-type").filter(|_| kind == "Binary") else {
        return body::resource(request, bytes_max);
    };
    let bytes = body::unpacked(request, bytes_max)?.into_owned();
    if bytes.is_empty() {
        return Err(Refusal::invalid("", "The body is empty. Send the content of the Binary.").into());
    }
    if let Some(format) = Format::named(&media(content).0) {
        match body::parsed(format, bytes.clone(), bytes_max) {
            Ok(json) if json.root().str("resourceType").as_deref() == Some("Binary") => return Ok(json),
            Err(no) if media(content).0.contains("fhir") => return Err(no),
            Ok(_) | Err(_) => {}
        }
    }
    made(request, content, &bytes, id)
}

/// A Binary of these bytes.
fn made(request: &Request, content: &str, bytes: &[u8], id: Option<&str>) -> Result<Json, No> {
    if !is_value(content) {
        let text = format!("The media type must be visible ASCII, at most {VALUE_MAX} characters of it.");
        return Err(No::Media(text));
    }
    let context = request.header("x-security-context");
    if !context.is_none_or(is_value) {
        let text = "X-Security-Context must be a reference like Patient/1.";
        return Err(Refusal::invalid("X-Security-Context", text).into());
    }
    let context = context.map(|reference| Tree::object().with("reference", reference.trim()));
    let tree = Tree::resource("Binary")
        .maybe("id", id)
        .with("contentType", content.trim())
        .maybe("securityContext", context)
        .with("data", STANDARD.encode(bytes));
    // The body was small enough; what we make of it is a third larger.
    let limits = Limits { bytes: usize::MAX, ..Limits::DOOR };
    Ok(Json::parse(tree.text(), limits)
        .map_err(|e| Refusal::new(Kind::Fault, format!("The Binary: {e}.")))?)
}

/// Whether a text can be a header, and not an endless one.
fn is_value(text: &str) -> bool {
    (1..=VALUE_MAX).contains(&text.len()) && text.bytes().all(|c| (0x20..0x7f).contains(&c))
}
