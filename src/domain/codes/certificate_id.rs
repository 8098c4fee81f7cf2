//! 电子证照标识: names one issued electronic certificate, worldwide. Under the
//! root `1.2.156.3005.2` come type, issuer, serial number, version and a check
//! character (ISO 7064 MOD 37,36 over everything after the root, dots left out).

use serde::{Deserialize, Serialize};

use super::error::{CodeError, DIGITS, DIGITS_AND_CAPITALS, Named};
use super::{Uscc, parsed_from_text, readable_as_text};

const NAME: Named = Named { zh: "电子证照标识", en: "The certificate identifier" };
const TYPE: Named = Named { zh: "证照类型代码", en: "The certificate type" };
const SERIAL: Named = Named { zh: "证照流水号", en: "The certificate's serial number" };
const VERSION: Named = Named { zh: "证照版本号", en: "The certificate's version" };
const ROOT: &str = "1.2.156.3005.2.";
const CHARACTERS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LONGEST_SERIAL: usize = 32;

/// 证照类型代码: 21 digits and capital letters, by custom the unified social
/// credit code of the body that defined the type and three digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct CertificateType(String);

parsed_from_text!(CertificateType);
readable_as_text!(CertificateType);

impl CertificateType {
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        TYPE.check_length(text, &[21])?;
        TYPE.check_characters(text, &DIGITS_AND_CAPITALS)?;
        Ok(Self(text.to_owned()))
    }
}

/// A certificate's identifier, root included.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct CertificateId(String);

parsed_from_text!(CertificateId);
readable_as_text!(CertificateId);

impl CertificateId {
    /// Checks the root, each part and the check character, in this order.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let parts: Vec<&str> = text.strip_prefix(ROOT).unwrap_or("").split('.').collect();
        let [certificate_type, issuer, serial, version, check] = parts[..] else {
            return Err(NAME.wrong_part(
                "应为 1.2.156.3005.2 加类型、颁发机构、流水号、版本号、校验位，各以点号分隔。请从证照上完整抄录。",
                "must be 1.2.156.3005.2 and then type, issuer, serial number, version and check character, with dots between. Copy it whole from the certificate.",
            ));
        };
        CertificateType::parse(certificate_type)?;
        check_issuer(issuer)?;
        check_serial(serial)?;
        VERSION.check_length(version, &[3])?;
        VERSION.check_characters(version, &DIGITS)?;
        let body = [certificate_type, issuer, serial, version].concat();
        if !check.chars().eq([check_character(&body)]) {
            return Err(NAME.wrong_check_digit());
        }
        Ok(Self(text.to_owned()))
    }

    /// Names a certificate. `serial` is 1 to 32 digits and capital letters,
    /// unique for type and issuer; `version` is at most 999.
    pub fn compose(
        certificate_type: &CertificateType,
        issuer: &Uscc,
        serial: &str,
        version: u16,
    ) -> Result<Self, CodeError> {
        check_serial(serial)?;
        let version = format!("{version:03}");
        VERSION.check_length(&version, &[3])?;
        let body = format!("{certificate_type}{issuer}{serial}{version}");
        let check = check_character(&body);
        Ok(Self(format!("{ROOT}{certificate_type}.{issuer}.{serial}.{version}.{check}")))
    }

    pub fn certificate_type(&self) -> CertificateType {
        CertificateType(self.part(0).to_owned())
    }

    pub fn issuer(&self) -> Uscc {
        Uscc(self.part(1).to_owned())
    }

    pub fn serial(&self) -> &str {
        self.part(2)
    }

    /// 0 to 999.
    pub fn version(&self) -> u16 {
        self.part(3).bytes().fold(0, |number, digit| number * 10 + u16::from(digit - b'0'))
    }

    fn part(&self, index: usize) -> &str {
        self.0[ROOT.len()..].split('.').nth(index).unwrap_or_default()
    }
}

/// The issuer must be written in its canonical form: the check character is
/// computed over what stands there.
fn check_issuer(issuer: &str) -> Result<(), CodeError> {
    NAME.check_characters(issuer, &DIGITS_AND_CAPITALS)?;
    Uscc::parse(issuer).map(|_| ())
}

fn check_serial(serial: &str) -> Result<(), CodeError> {
    SERIAL.check_characters(serial, &DIGITS_AND_CAPITALS)?;
    match serial.len() {
        1..=LONGEST_SERIAL => Ok(()),
        length => Err(SERIAL.wrong_length("1–32", "1–32", length)),
    }
}

/// ISO 7064 MOD 37,36 over digits and capital letters.
fn check_character(body: &str) -> char {
    let product = body.bytes().fold(36, |product, byte| {
        let value = CHARACTERS.iter().position(|c| *c == byte).unwrap_or(0);
        let sum = match (product + value) % 36 {
            0 => 36,
            sum => sum,
        };
        sum * 2 % 37
    });
    char::from(CHARACTERS[(37 - product) % 36])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ISSUER: &str = "91350100M000100Y43";

    fn certificate(certificate_type: &str, serial: &str, version: u16) -> CertificateId {
        CertificateId::compose(
            &CertificateType::parse(certificate_type).unwrap(),
            &Uscc::parse(ISSUER).unwrap(),
            serial,
            version,
        )
        .unwrap()
    }

    #[test]
    fn the_check_character_is_that_of_the_published_example() {
        // The example of the Global Release Identifier, which uses the same system.
        assert_eq!(check_character("A12425GABC1234002"), 'M');
    }

    #[test]
    fn an_identifier_tells_its_parts() {
        let id = certificate("91350100M000100Y43001", "2026A00017", 12);
        assert!(
            id.as_str()
                .starts_with("1.2.156.3005.2.91350100M000100Y43001.91350100M000100Y43.2026A00017.012.")
        );
        assert_eq!(id.certificate_type().as_str(), "91350100M000100Y43001");
        assert_eq!(id.issuer().as_str(), ISSUER);
        assert_eq!((id.serial(), id.version()), ("2026A00017", 12));
    }

    #[test]
    fn a_serial_or_version_out_of_range_makes_no_identifier() {
        let kind = CertificateType::parse("91350100M000100Y43001").unwrap();
        let issuer = Uscc::parse(ISSUER).unwrap();
        let compose = |serial: &str, version| {
            CertificateId::compose(&kind, &issuer, serial, version).map_err(|e| e.code)
        };
        assert!(compose("1", 999).is_ok());
        assert_eq!(compose("1", 1000), Err("wrong_length"));
        assert_eq!(compose("", 1), Err("wrong_length"));
        assert_eq!(compose(&"1".repeat(33), 1), Err("wrong_length"));
        assert_eq!(compose("a1", 1), Err("wrong_character"));
        assert_eq!(compose("1.2", 1), Err("wrong_character"));
    }

    #[test]
    fn what_is_not_an_identifier_is_refused() {
        let good = certificate("91350100M000100Y43001", "7", 1).to_string();
        for (text, code) in [
            (String::new(), "wrong_part"),
            (good.replacen("3005", "3006", 1), "wrong_part"),
            (format!("{good}.1"), "wrong_part"),
            (good[..good.len() - 1].to_owned(), "wrong_check_digit"),
            (format!("{good}0"), "wrong_check_digit"),
            (good.replace(".91350100M", ".91350100m"), "wrong_character"),
            (good.replace(".001.", ".01."), "wrong_length"),
        ] {
            assert_eq!(CertificateId::parse(&text).unwrap_err().code, code, "{text}");
        }
    }

    proptest! {
        #[test]
        fn composing_and_parsing_agree(
            kind in "[0-9A-Z]{21}", serial in "[0-9A-Z]{1,32}", version in 0_u16..1000,
        ) {
            let id = certificate(&kind, &serial, version);
            let parsed = CertificateId::parse(id.as_str()).unwrap();
            prop_assert_eq!(parsed.serial(), serial.as_str());
            prop_assert_eq!(parsed.version(), version);
            prop_assert_eq!(parsed.certificate_type().to_string(), kind);
            prop_assert_eq!(parsed, id);
        }

        #[test]
        fn every_single_character_change_is_refused(
            kind in "[0-9A-Z]{21}",
            serial in "[0-9A-Z]{1,32}",
            version in 0_u16..1000,
            position in any::<prop::sample::Index>(),
            replacement in "[0-9A-Za-z.]",
        ) {
            let id = certificate(&kind, &serial, version).to_string();
            let position = position.index(id.len());
            prop_assume!(id[position..=position] != replacement);
            let mut changed = id.clone();
            changed.replace_range(position..=position, &replacement);
            prop_assert!(CertificateId::parse(&changed).is_err());
        }
    }
}
