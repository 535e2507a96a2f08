//! Dates as bytes.
//!
//! A date as people write it lasts a millisecond, a second, a day, a month ..., so its start and the number
//! of one of these [`WIDTHS`] tell all of it: 5 bytes of seconds, then a byte for the width, or two bytes for
//! milliseconds and width. Anything else, a period above all, is a start and an end of 7 bytes each. The two
//! highest bits keep three groups apart, so that a scan for those that overlap a day need not begin at the
//! first period there is:
//!
//! | first byte | group |
//! |---|---|
//! | `00`.. | points of at most a day |
//! | `40`.. | months and years |
//! | `80`.. | periods |
//!
//! Within each group the order is that of the starts.

/// Milliseconds that a written date may last.
const WIDTHS: [i64; 13] =
    [1, 10, 100, 1_000, 60_000, 3_600_000, DAY, 28 * DAY, 29 * DAY, 30 * DAY, 31 * DAY, 365 * DAY, 366 * DAY];
const DAY: i64 = 86_400_000;
/// The number of a day in [`WIDTHS`]; longer ones are in a group of their own.
const DAY_WIDTH: usize = 6;
/// The longest of [`WIDTHS`].
pub(super) const WIDTH_MAX: i64 = 366 * DAY;
/// The year 1500 in seconds since 1970. Points before it are kept as periods.
const SECONDS_START: i64 = -14_831_769_600;
/// How many seconds from there have room in 38 bits: until the year 10210.
const SECONDS_COUNT: i64 = 1 << 38;
/// Added to the milliseconds of a period's ends, to make them positive.
const PERIOD_OFFSET: i64 = 1 << 53;
/// The highest bit of a tail that holds milliseconds.
const MILLIS: u16 = 0x8000;

/// The groups of dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Point,
    Wide,
    Period,
}

impl Group {
    pub const ALL: [Group; 3] = [Group::Point, Group::Wide, Group::Period];

    /// The group of a value.
    pub fn of(value: &[u8]) -> Option<Group> {
        Group::ALL.into_iter().find(|group| value.first().is_some_and(|byte| byte & 0xC0 == group.lead()))
    }

    /// The bits that lead its values.
    fn lead(self) -> u8 {
        match self {
            Group::Point => 0x00,
            Group::Wide => 0x40,
            Group::Period => 0x80,
        }
    }

    /// The longest that a value of the group lasts, less the millisecond that both ends share.
    pub fn longest(self) -> i64 {
        match self {
            Group::Point => DAY - 1,
            Group::Wide => WIDTH_MAX - 1,
            Group::Period => i64::MAX,
        }
    }

    /// The least bytes of a value that starts at `start` or later.
    pub fn from(self, start: i64) -> Vec<u8> {
        let mut out = Vec::with_capacity(7);
        match self {
            Group::Period => out.extend_from_slice(&end_bytes(start)),
            _ => {
                let seconds = start.div_euclid(1_000).saturating_sub(SECONDS_START);
                if seconds >= SECONDS_COUNT {
                    return self.end();
                }
                out.extend_from_slice(&seconds.max(0).to_be_bytes()[3..]);
                if seconds >= 0 && start.rem_euclid(1_000) > 0 {
                    out.extend_from_slice(&(MILLIS | (start.rem_euclid(1_000) as u16) << 2).to_be_bytes());
                }
                out[0] |= self.lead();
            }
        }
        out
    }

    /// Above all values of the group.
    pub fn end(self) -> Vec<u8> {
        vec![self.lead() + 0x40]
    }
}

pub(super) fn push(start: i64, end: i64, out: &mut Vec<u8>) {
    if let Some((group, tail)) = point(start, end) {
        let seconds = start.div_euclid(1_000) - SECONDS_START;
        let at = out.len();
        out.extend_from_slice(&seconds.to_be_bytes()[3..]);
        out[at] |= group.lead();
        match tail {
            Tail::Width(width) => out.push(width),
            Tail::Millis(tail) => out.extend_from_slice(&tail.to_be_bytes()),
        }
    } else {
        out.extend_from_slice(&end_bytes(start));
        out.extend_from_slice(&end_bytes(end));
    }
}

enum Tail {
    Width(u8),
    Millis(u16),
}

fn point(start: i64, end: i64) -> Option<(Group, Tail)> {
    let lasts = end.checked_sub(start)?.checked_add(1)?;
    let width = WIDTHS.iter().position(|w| *w == lasts)?;
    let seconds = start.div_euclid(1_000) - SECONDS_START;
    if !(0..SECONDS_COUNT).contains(&seconds) {
        return None;
    }
    let group = if width <= DAY_WIDTH { Group::Point } else { Group::Wide };
    match start.rem_euclid(1_000) {
        0 => Some((group, Tail::Width(width as u8))),
        millis if width < 3 => Some((group, Tail::Millis(MILLIS | (millis as u16) << 2 | width as u16))),
        _ => None,
    }
}

/// Seven bytes, the highest bit set; open ends become the least and the most that have room.
fn end_bytes(millis: i64) -> [u8; 7] {
    let shifted = millis.clamp(-PERIOD_OFFSET, PERIOD_OFFSET - 1) + PERIOD_OFFSET;
    let mut out = [0; 7];
    out.copy_from_slice(&shifted.to_be_bytes()[1..]);
    out[0] |= Group::Period.lead();
    out
}

fn end_of(bytes: &[u8]) -> i64 {
    let shifted = bytes.iter().fold(0, |n, byte| n << 8 | i64::from(*byte));
    match (shifted & !(0x80 << 48)) - PERIOD_OFFSET {
        n if n == -PERIOD_OFFSET => i64::MIN,
        n if n == PERIOD_OFFSET - 1 => i64::MAX,
        n => n,
    }
}

/// First and last millisecond.
pub(super) fn decode(value: &[u8]) -> Option<(i64, i64)> {
    if value.first()? & 0x80 != 0 {
        return (value.len() == 14).then(|| (end_of(&value[..7]), end_of(&value[7..])));
    }
    let (head, tail) = value.split_at_checked(5)?;
    let seconds = head.iter().fold(0, |n, byte| n << 8 | i64::from(*byte)) & (SECONDS_COUNT - 1);
    let (millis, width) = match *tail {
        [width] => (0, width),
        [high, low] => {
            let tail = u16::from_be_bytes([high, low]) & !MILLIS;
            (i64::from(tail >> 2), (tail & 3) as u8)
        }
        _ => return None,
    };
    let start = (seconds + SECONDS_START) * 1_000 + millis;
    Some((start, start + WIDTHS.get(usize::from(width))? - 1))
}
