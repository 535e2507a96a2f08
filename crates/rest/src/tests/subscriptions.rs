//! Subscriptions through the door: what is refused, the operations, and the websocket.

use super::*;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use subscription::{Settings, Subscriptions, Work};
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

const TOPIC: &str = r#"{"resourceType":"Basic","id":"any",
    "code":{"coding":[{"system":"http://hl7.org/fhir/fhir-types","code":"SubscriptionTopic"}]},"extension":[
    {"url":"http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic.url",
     "valueUri":"http://care.example/topics/any"},
    {"url":"http://hl7.org/fhir/4.3/StructureDefinition/extension-SubscriptionTopic.resourceTrigger","extension":[
     {"url":"resource","valueUri":"http://hl7.org/fhir/StructureDefinition/Patient"}]}]}"#;

fn subscription(id: &str, criteria: &str, channel: &str) -> String {
    format!(
        r#"{{"resourceType":"Subscription","id":"{id}","status":"requested","reason":"test","criteria":"{criteria}",
        "channel":{{{channel}}}}}"#
    )
}

const SOCKET: &str = r#""type":"websocket","payload":"application/fhir+json","_payload":{"extension":[{"url":
    "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-payload-content",
    "valueCode":"id-only"}]}"#;

/// A door with subscriptions, which listens.
struct Served {
    world: World,
    address: SocketAddr,
    _work: Work,
    _runtime: tokio::runtime::Runtime,
}

impl Served {
    fn new() -> Served {
        let mut world = World::new();
        let mut settings = Settings::at(BASE);
        settings.lease = Duration::from_secs(2);
        let subscriptions = Subscriptions::new(world.access.clone(), settings);
        let mut config = Config::at(BASE);
        config.subscriptions = Some(subscriptions.clone());
        world.rest = Rest::new(world.access.clone(), config.clone());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let work = Work::start(&subscriptions, runtime.handle().clone()).unwrap();
        let app = crate::router(world.access.clone(), config);
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move { axum::serve(listener, app).await });
        Served { world, address, _work: work, _runtime: runtime }
    }

    fn socket(&self, token: Option<&str>) -> WebSocket<TcpStream> {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut request = format!("ws://{}/fhir/ws", self.address).into_client_request().unwrap();
        if let Some(token) = token {
            request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        tungstenite::client(request, stream).unwrap().0
    }

    fn until_active(&self, id: &str) {
        let began = Instant::now();
        while at(&self.world.get(&format!("Subscription/{id}")), "status") != "active" {
            assert!(began.elapsed() < Duration::from_secs(20), "{id} is never active");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn say(socket: &mut WebSocket<TcpStream>, text: &str) -> String {
    socket.send(Message::Text(text.into())).unwrap();
    hear(socket)
}

fn hear(socket: &mut WebSocket<TcpStream>) -> String {
    socket.read().unwrap().into_text().unwrap().to_string()
}

#[test]
fn what_cannot_be_told_is_refused_before_it_is_stored() {
    let Served { world, .. } = &Served::new();
    let hook = r#""type":"rest-hook","endpoint":"https://example.org/x""#;
    for (text, status, place) in [
        (subscription("a", "Observation?nonsense=1", SOCKET), 422, "Subscription.criteria"),
        (subscription("a", "http://care.example/topics/never", SOCKET), 422, "Subscription.criteria"),
        (subscription("a", "Observation", hook), 422, "Subscription.channel.endpoint"),
    ] {
        let response = world.put("Subscription/a", &text);
        assert!(matches!(response.status, 400 | 422), "{} {}", response.status, response.text());
        assert_eq!(at(&response, "issue.0.expression.0"), place, "{status}");
    }
    let mail = r#""type":"email","endpoint":"mailto:ward@hospital.example""#;
    let response = world.put("Subscription/a", &subscription("a", "Observation", mail));
    assert!(at(&response, "issue.0.diagnostics").contains("sends no e-mail"), "{}", response.text());
    expect(&world.get("Subscription/a"), 404);
    // In a transaction the whole of it is refused, with the place in it.
    let bad = subscription("a", "Observation", hook);
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[{{"resource":{bad},
        "request":{{"method":"PUT","url":"Subscription/a"}}}}]}}"#
    );
    let response = world.post("", &bundle);
    assert_eq!(at(&response, "issue.0.expression.0"), "Bundle.entry[0].resource.channel.endpoint");
    let half = TOPIC.replace("extension-SubscriptionTopic.url", "extension-SubscriptionTopic.name");
    let response = world.put("Basic/any", &half);
    assert!(response.status >= 400 && response.text().contains("canonical address"), "{}", response.text());
}

#[test]
fn a_socket_is_bound_by_token_and_hears_what_happens() {
    let served = Served::new();
    let world = &served.world;
    expect(&world.put("Basic/any", TOPIC), 201);
    expect(&world.put("Subscription/s", &subscription("s", "http://care.example/topics/any", SOCKET)), 201);
    expect(&world.put("Subscription/r4", &subscription("r4", "Patient", r#""type":"websocket""#)), 201);
    served.until_active("s");
    served.until_active("r4");
    let given = world.get("Subscription/s/$get-ws-binding-token");
    expect(&given, 200);
    assert_eq!(at(&given, "parameter.0.name"), "token");
    assert_eq!(at(&given, "parameter.3.valueUrl"), "wss://care.example/fhir/ws");
    let token = at(&given, "parameter.0.valueString");
    let mut socket = served.socket(None);
    assert!(say(&mut socket, "bind r4").starts_with("error Open the socket with Authorization"));
    assert!(say(&mut socket, "bind-with-token guess").starts_with("error The token is not known"));
    assert!(say(&mut socket, "hello").starts_with("error Say bind"));
    assert!(say(&mut socket, &format!("bind-with-token {token}")).contains("\"handshake\""));
    let mut plain = served.socket(Some(&world.system));
    assert_eq!(say(&mut plain, "bind r4"), "bound r4");
    expect(&world.put("Patient/p", r#"{"resourceType":"Patient","id":"p"}"#), 201);
    assert_eq!(hear(&mut plain), "ping r4");
    let heard = hear(&mut socket);
    assert!(heard.contains("event-notification") && heard.contains("/Patient/p"), "{heard}");
    expect(&world.send(Request::new("DELETE", "Patient/p")), 204);
    let heard = hear(&mut socket);
    assert!(heard.contains("\"method\":\"DELETE\""), "{heard}");
}

#[test]
fn whose_socket_broke_hears_what_it_missed_in_order_when_it_is_there_again() {
    let served = Served::new();
    let world = &served.world;
    expect(&world.put("Basic/any", TOPIC), 201);
    expect(&world.put("Subscription/s", &subscription("s", "http://care.example/topics/any", SOCKET)), 201);
    served.until_active("s");
    let bound = || {
        let token = at(&world.get("Subscription/s/$get-ws-binding-token"), "parameter.0.valueString");
        let mut socket = served.socket(None);
        assert!(say(&mut socket, &format!("bind-with-token {token}")).contains("\"handshake\""));
        socket
    };
    let change = |id: &str| {
        world.put(&format!("Patient/{id}"), &format!(r#"{{"resourceType":"Patient","id":"{id}"}}"#))
    };
    let mut socket = bound();
    expect(&change("p1"), 201);
    assert!(hear(&mut socket).contains("/Patient/p1"));
    socket.close(None).unwrap();
    while socket.read().is_ok() {}
    for id in ["p2", "p3", "p4"] {
        expect(&change(id), 201);
    }
    let mut socket = bound();
    let mut heard = String::new();
    // Several may share a notification.
    while !heard.contains("/Patient/p4") {
        heard.push_str(&hear(&mut socket));
    }
    let place = |text: &str, id: &str| text.find(&format!("/Patient/{id}")).unwrap();
    assert!(!heard.contains("/Patient/p1"), "{heard}");
    assert!(
        place(&heard, "p2") < place(&heard, "p3") && place(&heard, "p3") < place(&heard, "p4"),
        "{heard}"
    );
}

#[test]
fn operations_tell_how_subscriptions_stand() {
    let served = Served::new();
    let world = &served.world;
    world.put("Basic/any", TOPIC);
    world.put("Subscription/s", &subscription("s", "http://care.example/topics/any", SOCKET));
    served.until_active("s");
    world.put("Patient/p", r#"{"resourceType":"Patient","id":"p"}"#);
    let began = Instant::now();
    while !world.get("Subscription/s/$events").text().contains("Patient/p") {
        assert!(began.elapsed() < Duration::from_secs(20));
    }
    for url in ["Subscription/$status", "Subscription/$status?id=s&status=active", "Subscription/s/$status"] {
        let response = world.get(url);
        expect(&response, 200);
        assert_eq!(at(&response, "total"), "1", "{url}");
        assert!(response.text().contains("query-status"));
    }
    let range =
        r#"{"resourceType":"Parameters","parameter":[{"name":"eventsSinceNumber","valueString":"2"}]}"#;
    let response = world.post("Subscription/s/$events", range);
    assert!(response.text().contains("query-event") && !response.text().contains("Patient/p"));
    expect(&world.get("Subscription/s/$events?content=all"), 400);
    expect(&world.get("Subscription/never/$events"), 404);
    expect(&world.get("Subscription/s/$resend"), 405);
    expect(&world.post("Subscription/s/$resend", ""), 200);
    // Someone whose role sees no Subscription learns nothing of one.
    let clerk = world.access.mint_token("receptionist", 5).unwrap();
    for operation in ["$status", "$events", "$get-ws-binding-token"] {
        let request = Request::new("GET", &format!("Subscription/s/{operation}"));
        expect(&world.send_with(&clerk, request), 404);
    }
    let statement = handle(&world.rest, &Request::new("GET", "metadata"));
    for claim in
        ["get-ws-binding-token", "wss://care.example/fhir/ws", "StructureDefinition/backport-subscription"]
    {
        assert!(statement.text().contains(claim), "{claim}");
    }
    assert!(!World::new().rest.statement().contains("get-ws-binding-token"), "only where they are served");
}
