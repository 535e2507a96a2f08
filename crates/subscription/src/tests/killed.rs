//! Serving processes of their own that are killed, as a power cut or the kernel kills them: with SIGKILL, at any moment.

use super::*;
use crate::topic::tests::ENDED;
use std::io::Read;
use std::process::{Child, Command, Stdio};

/// Names the record to the process that this test starts of itself.
const PLACE: &str = "CARESPINE_TEST_SERVES";
const KILLS: usize = 6;
/// Events between two kills.
const EVENTS: usize = 5;

/// A process that follows the log and delivers.
struct Node(Child);

impl Node {
    fn start(world: &World) -> Node {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([
            "--exact",
            "tests::killed::whoever_is_killed_another_node_goes_on_in_order_and_nothing_is_lost",
        ]);
        command.env(PLACE, world.home.place()).stdin(Stdio::piped()).stdout(Stdio::null());
        Node(command.spawn().unwrap())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What such a process does: until it is killed, or whoever started it is gone.
fn serve(place: &str) {
    let options = Options { readers: 4, ..Options::default() };
    let access = Access::open(Store::open(place.parse::<Place>().unwrap(), options).unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let subscriptions = Subscriptions::new(access, settings());
    let _work = Work::start(&subscriptions, runtime.handle().clone()).unwrap();
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn whoever_is_killed_another_node_goes_on_in_order_and_nothing_is_lost() {
    if let Ok(place) = std::env::var(PLACE) {
        return serve(&place);
    }
    let mut world = World::new();
    let receiver = world.receiver();
    world.put(ENDED);
    world.put(&by_topic("s", &hook(&receiver.url()), "id-only", ""));
    world.until_status("s", "active");
    world.stop();
    let greetings = receiver.count();
    receiver.slows(Duration::from_millis(30));
    let mut nodes = vec![Node::start(&world), Node::start(&world)];
    for kill in 0..KILLS {
        for event in 0..EVENTS {
            world.put(&encounter(&format!("e{kill}-{event}"), "finished"));
        }
        // Now and then the receiver is away as well, so that events wait that nobody has been told of yet.
        receiver.answers(&[503; 3][..kill % 2 * 3], 200);
        // Some way into the five, at another place each time; the first of the two has the work, then the other.
        let (before, wanted) = (receiver.count(), kill % EVENTS + 1);
        until("some of them", || receiver.count() >= before + wanted);
        drop(nodes.remove(0));
        nodes.push(Node::start(&world));
    }
    let last = (KILLS * EVENTS) as u64;
    until("that all were told", || crate::list(world.access.store()).unwrap()[0].sent == last);
    let came = receiver.came();
    let numbers: Vec<u64> = came[greetings..]
        .iter()
        .filter(|came| came.parameters("type") == ["event-notification"])
        .map(|came| came.parameters("event-number")[0].parse().unwrap())
        .collect();
    // At least once and in order: each is the next one, or the same again.
    let mut told = 0;
    for number in &numbers {
        assert!(*number == told || *number == told + 1, "{number} after {told} in {numbers:?}");
        told = *number;
    }
    assert_eq!(told, last);
    let focus = |came: &receiver::Came| (came.parameters("event-number"), came.parameters("focus"));
    for (n, came) in came[greetings..].iter().map(focus) {
        let n = n[0].parse::<usize>().unwrap() - 1;
        assert_eq!(came, [format!("{BASE}/Encounter/e{}-{}", n / EVENTS, n % EVENTS)]);
    }
}
