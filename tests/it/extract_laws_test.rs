//! The laws of extraction, over lines that were damaged at random. The fuzz target in `fuzz/` checks the same.

use proptest::{collection::vec, prelude::*, sample::Index};

use crate::support::gz;

#[path = "../../fuzz/laws/extract.rs"]
mod laws;

/// What lines are made of, to be put where they do not belong.
const TOKENS: [&[u8]; 34] = [
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"-",
    b"1e999",
    b"0",
    b"\\u",
    b"\\ud83d",
    b"\\ude00",
    b"\xff",
    b"\x00",
    b"\n",
    b" ",
    b"\x1b[31m",
    b"ERROR",
    b"\"logs\":",
    b"\"Logs\":{}",
    b"\"log\":\"x\",",
    b"\"instant\":{\"epochSecond\":\"7\"},",
    b"\"timeMillis\":18446744073709551615,",
    b"\"message\":[1, {}],",
    b"\"message\":\"\",",
    b"\"requestFirstLine\":\"-\",",
    b"\"requestFirstLine\":\"GET / HTTP/1.1\",",
    b"\"contextMap\":{\"requestLine\":\"get\"},",
    b"\"status\":200.0,",
    b"\"kubernetes\":null,",
    b"\xf0\x9f",
];

#[derive(Clone, Debug)]
enum Damage {
    Put(Index, Index),
    Byte(Index, u8),
    Remove(Index, usize),
    Repeat(Index, usize),
    Cut(Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        4 => (any::<Index>(), any::<Index>()).prop_map(|(at, token)| Damage::Put(at, token)),
        2 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        2 => (any::<Index>(), 1..40_usize).prop_map(|(at, count)| Damage::Remove(at, count)),
        2 => (any::<Index>(), 1..200_usize).prop_map(|(at, count)| Damage::Repeat(at, count)),
        1 => any::<Index>().prop_map(Damage::Cut),
    ]
}

fn damaged(mut line: Vec<u8>, damages: &[Damage]) -> Vec<u8> {
    for damage in damages {
        let place = |at: &Index| at.index(line.len() + 1);
        match damage {
            Damage::Put(at, token) => {
                let at = place(at);
                line.splice(at..at, token.get(&TOKENS).iter().copied());
            }
            Damage::Byte(at, byte) => {
                let at = place(at);
                line.splice(at..line.len().min(at + 1), [*byte]);
            }
            Damage::Remove(at, count) => {
                let at = place(at);
                line.drain(at..line.len().min(at + count));
            }
            Damage::Repeat(at, count) => {
                let at = place(at);
                let again = line[at..line.len().min(at + count)].to_vec();
                line.splice(at..at, again);
            }
            Damage::Cut(at) => line.truncate(place(at)),
        }
    }
    line
}

/// Of every shape that the samples have.
fn sample() -> impl Strategy<Value = Vec<u8>> {
    let line = (0..1000_u64, 0..5_u8).prop_map(|(index, shape)| match shape {
        0 => gz::application_line(index),
        1 => gz::access_line(index),
        2 => gz::proxy_line(index),
        3 => gz::container_line(index),
        _ => r#"{"logs":{"message":"m"},"time":"2025-06-06T00:00:00Z"}"#.to_owned(),
    });
    line.prop_map(String::into_bytes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_lines(line in sample(), damages in vec(damage(), 0..6)) {
        laws::hold(&damaged(line, &damages));
    }

    #[test]
    fn tokens_in_any_order(tokens in vec(any::<Index>(), 0..40)) {
        let line: Vec<u8> = tokens.iter().flat_map(|token| token.get(&TOKENS).iter().copied()).collect();
        laws::hold(&line);
        laws::hold(&[b"{\"logs\":{", &line[..], b"\"message\":\"m\"}}"].concat());
    }

    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..200)) {
        laws::hold(&bytes);
    }
}
