//! What a word of letters and digits is.

/// Forms of words that stand for a thing of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Nothing to fold.
    Plain,
    /// Digits alone.
    Number,
    /// Of eight digits or more, with numerals among them.
    Hex,
    /// Letters and numerals in turn, as in tokens and short ids.
    Random,
    /// Letters with a number in or behind them, as in `Worker27`.
    Numbered,
}

/// Such words look random from this length on.
const RANDOM_LEN: usize = 8;
/// Random words turn between letters and numerals at least so often.
const RANDOM_TURNS: usize = 3;
const HEX_LEN: usize = 8;

impl Word {
    /// Of ASCII letters, digits, `_`, and anything that is no ASCII.
    pub fn of(word: &[u8]) -> Self {
        let (mut digits, mut hex, mut turns) = (0, 0, 0);
        let mut before_is_digit = word.first().is_some_and(u8::is_ascii_digit);
        for byte in word {
            let is_digit = byte.is_ascii_digit();
            digits += usize::from(is_digit);
            hex += usize::from(byte.is_ascii_hexdigit());
            turns += usize::from(is_digit != before_is_digit);
            before_is_digit = is_digit;
        }
        match digits {
            0 => Self::Plain,
            _ if digits == word.len() => Self::Number,
            _ if hex == word.len() && hex >= HEX_LEN => Self::Hex,
            _ if word.starts_with(b"0x") && hex + 1 == word.len() => Self::Hex,
            _ if turns >= RANDOM_TURNS && word.len() >= RANDOM_LEN => Self::Random,
            _ => Self::Numbered,
        }
    }
}

/// `8-4-4-4-12` hexadecimal digits.
pub(super) fn is_uuid(token: &[u8]) -> bool {
    const LEN: usize = 36;
    const HYPHENS: [usize; 4] = [8, 13, 18, 23];
    token.len() == LEN
        && token.iter().enumerate().all(|(index, byte)| match byte {
            b'-' => HYPHENS.contains(&index),
            _ => byte.is_ascii_hexdigit() && !HYPHENS.contains(&index),
        })
}

/// Appends the word with each number of at least `digits` digits in it folded to `as_what`.
pub(super) fn fold_numbers(word: &[u8], digits: usize, as_what: &str, to: &mut Vec<u8>) {
    let mut rest = word;
    while let Some(first) = rest.first() {
        let is_digit = first.is_ascii_digit();
        let len = rest.iter().take_while(|byte| byte.is_ascii_digit() == is_digit).count();
        let (run, behind) = rest.split_at(len);
        match is_digit && len >= digits {
            true => to.extend_from_slice(as_what.as_bytes()),
            false => to.extend_from_slice(run),
        }
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for (word, expected) in [
            ("", Word::Plain),
            ("cart", Word::Plain),
            ("deadbeef", Word::Plain),
            ("7", Word::Number),
            ("00012345", Word::Number),
            ("deadbeef1", Word::Hex),
            ("0x1f", Word::Hex),
            ("a1b2c3", Word::Numbered),
            ("a8Zk29bQ", Word::Random),
            ("Worker27", Word::Numbered),
            ("v2", Word::Numbered),
            ("ORD00012345", Word::Numbered),
            ("größe", Word::Plain),
        ] {
            assert_eq!(Word::of(word.as_bytes()), expected, "{word}");
        }
        assert!(is_uuid(b"0d4ef2f5-6c0b-4a53-8a3e-3f0f2f1c9a11"));
        assert!(!is_uuid(b"0d4ef2f5-6c0b-4a53-8a3e_3f0f2f1c9a11"));
        assert!(!is_uuid(b"0d4ef2f5-6c0b-4a53-8a3e-3f0f2f1c9a1"));
    }
}
