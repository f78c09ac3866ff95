//! TLS by the OpenSSL that is in the binary anyway, configured by librdkafka's property names.

use std::{fs, path::Path};

use openssl::{
    pkcs12::Pkcs12,
    pkey::{PKey, Private},
    ssl::{SslConnector, SslConnectorBuilder, SslFiletype, SslMethod, SslVerifyMode},
    x509::{X509, store::X509StoreBuilder},
};

use super::settings::Properties;
use crate::kafka::Error;

/// How connections are encrypted.
pub struct Tls {
    pub connector: SslConnector,
    /// Whether a broker's certificate has to be made out to the name by which we know it.
    pub verifies_host: bool,
}

impl Tls {
    /// # Errors
    /// [`Error::Property`] for files that can not be read or hold something else.
    pub fn read(properties: &Properties) -> Result<Self, Error> {
        let mut builder = SslConnector::builder(SslMethod::tls_client()).map_err(of("security.protocol"))?;
        trust(&mut builder, properties)?;
        identify(&mut builder, properties)?;
        if let Some(ciphers) = properties.get(&["ssl.cipher.suites"]) {
            builder.set_cipher_list(ciphers).map_err(of("ssl.cipher.suites"))?;
        }
        if let Some(curves) = properties.get(&["ssl.curves.list"]) {
            builder.set_groups_list(curves).map_err(of("ssl.curves.list"))?;
        }
        if let Some(algorithms) = properties.get(&["ssl.sigalgs.list"]) {
            builder.set_sigalgs_list(algorithms).map_err(of("ssl.sigalgs.list"))?;
        }
        let verifies = properties.get(&["enable.ssl.certificate.verification"]) != Some("false");
        if !verifies {
            builder.set_verify(SslVerifyMode::NONE);
        }
        let identification = properties.get(&["ssl.endpoint.identification.algorithm"]);
        Ok(Self {
            connector: builder.build(),
            verifies_host: verifies && identification != Some("none"),
        })
    }
}

/// Whom we believe: the authorities that are named, else the system's.
fn trust(builder: &mut SslConnectorBuilder, properties: &Properties) -> Result<(), Error> {
    const LOCATION: &str = "ssl.ca.location";
    const PEM: &str = "ssl.ca.pem";
    if let Some(pem) = properties.get(&[PEM]) {
        return believe_only(builder, pem.as_bytes(), PEM);
    }
    match properties.get(&[LOCATION]) {
        None | Some("probe") => {
            for file in openssl_probe::probe()
                .cert_file
                .into_iter()
                .chain(["/etc/ssl/cert.pem".into()])
            {
                if builder.set_ca_file(file).is_ok() {
                    break;
                }
            }
            Ok(())
        }
        Some(directory) if Path::new(directory).is_dir() => {
            let mut all = Vec::new();
            let entries = fs::read_dir(directory).map_err(of(LOCATION))?;
            for entry in entries.flatten() {
                all.extend(fs::read(entry.path()).unwrap_or_default());
                all.push(b'\n');
            }
            believe_only(builder, &all, LOCATION)
        }
        Some(file) => believe_only(builder, &read(file, LOCATION)?, LOCATION),
    }
}

fn believe_only(builder: &mut SslConnectorBuilder, pem: &[u8], key: &'static str) -> Result<(), Error> {
    let authorities = X509::stack_from_pem(pem).map_err(of(key))?;
    if authorities.is_empty() {
        return Err(property(key, "no certificate in PEM is in it"));
    }
    let mut store = X509StoreBuilder::new().map_err(of(key))?;
    for authority in authorities {
        store.add_cert(authority).map_err(of(key))?;
    }
    builder.set_verify_cert_store(store.build()).map_err(of(key))
}

/// Who we say we are, where brokers ask for a certificate.
fn identify(builder: &mut SslConnectorBuilder, properties: &Properties) -> Result<(), Error> {
    const KEYSTORE: &str = "ssl.keystore.location";
    const CERTIFICATE: &str = "ssl.certificate.location";
    const CERTIFICATE_PEM: &str = "ssl.certificate.pem";
    const KEY: &str = "ssl.key.location";
    const KEY_PEM: &str = "ssl.key.pem";
    if let Some(keystore) = properties.get(&[KEYSTORE]) {
        let password = properties.get(&["ssl.keystore.password"]).unwrap_or_default();
        let parsed = Pkcs12::from_der(&read(keystore, KEYSTORE)?).and_then(|store| store.parse2(password));
        let store = parsed.map_err(of(KEYSTORE))?;
        if let Some(certificate) = &store.cert {
            builder.set_certificate(certificate).map_err(of(KEYSTORE))?;
        }
        for authority in store.ca.into_iter().flatten() {
            builder.add_extra_chain_cert(authority).map_err(of(KEYSTORE))?;
        }
        if let Some(key) = &store.pkey {
            builder.set_private_key(key).map_err(of(KEYSTORE))?;
        }
    }
    if let Some(file) = properties.get(&[CERTIFICATE]) {
        let chain = builder.set_certificate_chain_file(file);
        chain
            .or_else(|_| builder.set_certificate_file(file, SslFiletype::PEM))
            .map_err(|error| property(CERTIFICATE, &format!("{file}: {error}")))?;
    }
    if let Some(pem) = properties.get(&[CERTIFICATE_PEM]) {
        let mut chain = X509::stack_from_pem(pem.as_bytes())
            .map_err(of(CERTIFICATE_PEM))?
            .into_iter();
        if let Some(own) = chain.next() {
            builder.set_certificate(&own).map_err(of(CERTIFICATE_PEM))?;
        }
        for authority in chain {
            builder.add_extra_chain_cert(authority).map_err(of(CERTIFICATE_PEM))?;
        }
    }
    if let Some(file) = properties.get(&[KEY]) {
        let key = private_key(&read(file, KEY)?, properties, KEY)?;
        builder.set_private_key(&key).map_err(of(KEY))?;
    }
    if let Some(pem) = properties.get(&[KEY_PEM]) {
        let key = private_key(pem.as_bytes(), properties, KEY_PEM)?;
        builder.set_private_key(&key).map_err(of(KEY_PEM))?;
    }
    Ok(())
}

fn private_key(pem: &[u8], properties: &Properties, key: &'static str) -> Result<PKey<Private>, Error> {
    // An empty one instead of OpenSSL's own question at the terminal.
    let password = properties.get(&["ssl.key.password"]).unwrap_or_default();
    PKey::private_key_from_pem_passphrase(pem, password.as_bytes()).map_err(of(key))
}

fn read(file: &str, key: &'static str) -> Result<Vec<u8>, Error> {
    fs::read(file).map_err(|error| property(key, &format!("{file}: {error}")))
}

/// What is wrong with a property. OpenSSL's words do not repeat what is in a file.
fn of<E: std::fmt::Display>(key: &'static str) -> impl Fn(E) -> Error {
    move |error| property(key, &error.to_string())
}

fn property(key: &str, reason: &str) -> Error {
    Error::Property {
        key: key.to_owned(),
        reason: reason.to_owned(),
    }
}
