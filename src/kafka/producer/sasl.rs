//! Who we are, told by SASL: PLAIN (RFC 4616) and SCRAM (RFC 5802, RFC 7677).

use base64::{Engine, prelude::BASE64_STANDARD};
use openssl::{hash::MessageDigest, memcmp, pkcs5::pbkdf2_hmac, pkey::PKey, rand::rand_bytes, sign::Signer};

use super::settings::Properties;
use crate::{kafka::Error, secret::Secret};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    Plain,
    ScramSha256,
    ScramSha512,
}

impl Mechanism {
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

/// A mechanism, a name and a password.
pub struct Sasl {
    pub mechanism: Mechanism,
    username: String,
    password: Secret,
}

/// What the broker said does not follow the mechanism, or proves that it does not know the password.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Refused(String);

fn refused(reason: &str) -> Refused {
    Refused(reason.to_owned())
}

impl Sasl {
    /// # Errors
    /// [`Error::Property`] for a mechanism that the producer does not have.
    pub fn read(properties: &Properties) -> Result<Self, Error> {
        const NAMES: [&str; 2] = ["sasl.mechanism", "sasl.mechanisms"];
        let mechanism = match properties.get(&NAMES) {
            Some("PLAIN") => Mechanism::Plain,
            Some("SCRAM-SHA-256") => Mechanism::ScramSha256,
            Some("SCRAM-SHA-512") => Mechanism::ScramSha512,
            other => {
                return Err(Error::Property {
                    key: NAMES[0].to_owned(),
                    reason: format!(
                        "{} is not among PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512",
                        other.unwrap_or("GSSAPI, librdkafka's default,")
                    ),
                });
            }
        };
        Ok(Self {
            mechanism,
            username: properties.get(&["sasl.username"]).unwrap_or_default().to_owned(),
            password: Secret::new(properties.get(&["sasl.password"]).unwrap_or_default().to_owned()),
        })
    }

    /// Begins the conversation: the first message, and what answers the broker's.
    ///
    /// # Errors
    /// No random bytes are to be had.
    pub fn begin(&self) -> Result<(Vec<u8>, Conversation<'_>), Refused> {
        if self.mechanism == Mechanism::Plain {
            let message = format!("\0{}\0{}", self.username, self.password.expose());
            return Ok((message.into_bytes(), Conversation::Done));
        }
        let mut nonce = [0; 24];
        rand_bytes(&mut nonce).map_err(|error| Refused(error.to_string()))?;
        let scram = Scram {
            sasl: self,
            nonce: BASE64_STANDARD.encode(nonce),
        };
        Ok((scram.first().into_bytes(), Conversation::First(scram)))
    }
}

/// Where the exchange stands.
pub enum Conversation<'a> {
    /// The first message is sent.
    First(Scram<'a>),
    /// The proof is sent; the broker has to answer with this signature.
    Final(Vec<u8>),
    Done,
}

impl Conversation<'_> {
    /// What follows on the broker's message: the next message, if there is one.
    ///
    /// # Errors
    /// What the broker said, or that it does not know the password itself.
    pub fn answer(self, message: &[u8]) -> Result<(Option<Vec<u8>>, Self), Refused> {
        match self {
            Self::Done => Ok((None, Self::Done)),
            Self::First(scram) => {
                let (proof, signature) = scram.prove(message)?;
                Ok((Some(proof.into_bytes()), Self::Final(signature)))
            }
            Self::Final(signature) => {
                let text =
                    str::from_utf8(message).map_err(|_| refused("SCRAM: the broker's last message is no text"))?;
                let told = field(text, "v=").and_then(|told| BASE64_STANDARD.decode(told).ok());
                match told {
                    Some(told) if told.len() == signature.len() && memcmp::eq(&told, &signature) => {
                        Ok((None, Self::Done))
                    }
                    _ => Err(refused("SCRAM: the broker does not know the password itself")),
                }
            }
        }
    }

    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }
}

/// The client's side of SCRAM without channel binding.
pub struct Scram<'a> {
    sasl: &'a Sasl,
    nonce: String,
}

impl Scram<'_> {
    fn first_bare(&self) -> String {
        let name = self.sasl.username.replace('=', "=3D").replace(',', "=2C");
        format!("n={name},r={}", self.nonce)
    }

    fn first(&self) -> String {
        format!("n,,{}", self.first_bare())
    }

    /// The last message with the proof, and the signature with which the broker has to answer.
    fn prove(&self, server_first: &[u8]) -> Result<(String, Vec<u8>), Refused> {
        let odd = || refused("SCRAM: the broker's first message is odd");
        let text = str::from_utf8(server_first).map_err(|_| odd())?;
        let nonce = field(text, "r=")
            .filter(|nonce| nonce.starts_with(&self.nonce))
            .ok_or_else(odd)?;
        let salt = field(text, "s=").and_then(|salt| BASE64_STANDARD.decode(salt).ok());
        let iterations = field(text, "i=").and_then(|count| count.parse::<usize>().ok());
        let (Some(salt), Some(iterations)) = (salt, iterations.filter(|count| (1..=1_000_000).contains(count))) else {
            return Err(odd());
        };
        let digest = match self.sasl.mechanism {
            Mechanism::ScramSha512 => MessageDigest::sha512(),
            _ => MessageDigest::sha256(),
        };
        let without_proof = format!("c=biws,r={nonce}");
        let message = format!("{},{text},{without_proof}", self.first_bare());
        let keys = || -> Result<(Vec<u8>, Vec<u8>), openssl::error::ErrorStack> {
            let mut salted = vec![0; digest.size()];
            let password = self.sasl.password.expose().as_bytes();
            pbkdf2_hmac(password, &salt, iterations, digest, &mut salted)?;
            let client_key = hmac(digest, &salted, b"Client Key")?;
            let stored_key = openssl::hash::hash(digest, &client_key)?;
            let signature = hmac(digest, &stored_key, message.as_bytes())?;
            let proof = client_key.iter().zip(signature).map(|(key, signature)| key ^ signature);
            let server_key = hmac(digest, &salted, b"Server Key")?;
            Ok((proof.collect(), hmac(digest, &server_key, message.as_bytes())?))
        };
        let (proof, signature) = keys().map_err(|error| Refused(error.to_string()))?;
        let proof = format!("{without_proof},p={}", BASE64_STANDARD.encode(proof));
        Ok((proof, signature))
    }
}

fn hmac(digest: MessageDigest, key: &[u8], message: &[u8]) -> Result<Vec<u8>, openssl::error::ErrorStack> {
    let key = PKey::hmac(key)?;
    Signer::new(digest, &key)?.sign_oneshot_to_vec(message)
}

/// A field of a SCRAM message.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.split(',').find_map(|field| field.strip_prefix(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sasl(mechanism: Mechanism) -> Sasl {
        Sasl {
            mechanism,
            username: "user".to_owned(),
            password: Secret::new("pencil".to_owned()),
        }
    }

    #[test]
    fn plain_is_name_and_password_between_zeros() {
        let sasl = sasl(Mechanism::Plain);
        let (message, conversation) = sasl.begin().unwrap();
        assert_eq!(message, b"\0user\0pencil");
        assert!(conversation.is_done());
    }

    #[test]
    fn scram_goes_as_in_the_example_of_rfc_7677() {
        let sasl = sasl(Mechanism::ScramSha256);
        let scram = Scram {
            sasl: &sasl,
            nonce: "rOprNGfwEbeRWgbNEkqO".to_owned(),
        };
        assert_eq!(scram.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let server_first = format!("r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        let (proof, last) = Conversation::First(scram).answer(server_first.as_bytes()).unwrap();
        let expected = format!("c=biws,r={nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
        assert_eq!(proof, Some(expected.into_bytes()));
        let Conversation::Final(signature) = &last else {
            panic!("no signature is awaited")
        };
        let told = format!("v={}", BASE64_STANDARD.encode(signature));
        assert_eq!(told, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        let (nothing, done) = last.answer(told.as_bytes()).unwrap();
        assert!(nothing.is_none() && done.is_done());
    }

    #[test]
    fn a_broker_that_does_not_know_the_password_is_not_believed() {
        let signature = Conversation::Final(vec![1; 32]);
        let wrong = format!("v={}", BASE64_STANDARD.encode([2; 32]));
        assert!(signature.answer(wrong.as_bytes()).is_err());
        for odd in ["e=other-error", "v=", "", "v=AAA="] {
            assert!(
                Conversation::Final(vec![1; 32]).answer(odd.as_bytes()).is_err(),
                "{odd}"
            );
        }
    }

    #[test]
    fn a_first_message_that_is_not_for_us_is_refused() {
        let sasl = sasl(Mechanism::ScramSha512);
        for odd in [
            "",
            "r=other,s=AAAA,i=4096",
            "r=abc1,s=AAAA,i=0",
            "r=abc1,s=%,i=1",
            "r=abc1,i=4096",
        ] {
            let scram = Scram {
                sasl: &sasl,
                nonce: "abc".to_owned(),
            };
            assert!(scram.prove(odd.as_bytes()).is_err(), "{odd}");
        }
    }
}
