//! Text in a page. What logs say is anything at all: it never becomes markup.

use std::fmt;

/// Escapes for the content of elements and for attributes in double quotes.
pub(super) struct Text<'a>(pub &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(needs_escape) {
            f.write_str(&rest[..at])?;
            let mut behind = rest[at..].chars();
            match behind.next().unwrap_or_default() {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // A page can not hold it, in whatever form.
                _ => f.write_str("\u{fffd}")?,
            }
            rest = behind.as_str();
        }
        f.write_str(rest)
    }
}

fn needs_escape(char: char) -> bool {
    let is_space = matches!(char, '\n' | '\t');
    matches!(char, '&' | '<' | '>' | '"' | '\'') || is_direction(char) || (char.is_control() && !is_space)
}

/// What turns the text behind it around, so that it reads as something else (UAX 9).
fn is_direction(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_becomes_markup() {
        for (text, escaped) in [
            ("", ""),
            ("plain é\n\tx", "plain é\n\tx"),
            (
                "<script>alert('x') && \"y\"</script>",
                "&lt;script&gt;alert(&#39;x&#39;) &amp;&amp; &quot;y&quot;&lt;/script&gt;",
            ),
            ("\u{1b}[31m\0\u{202e}x", "\u{fffd}[31m\u{fffd}\u{fffd}x"),
            ("&amp;", "&amp;amp;"),
        ] {
            assert_eq!(Text(text).to_string(), escaped);
        }
    }
}
