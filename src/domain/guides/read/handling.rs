//! How an application is handled: materials and flow.

use super::keys::Keys;
use super::scalars::Name;
use super::scenarios::belonging;
use super::{Read, Reader};
use crate::domain::codes::CertificateType;
use crate::domain::guides::model::{
    Download, Limit, Material, MaterialSource, OpinionWanted, Paper, Requirement, Reuse, Step, Trust,
};
use crate::domain::guides::source::Node;
use crate::domain::text::Text;

impl Read for Material {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let code = keys.need::<Name>("code");
        let name = keys.need::<Text>("name");
        let help = keys.optional("help");
        let required = match keys.get("required") {
            None => Some(Requirement::Required),
            Some(node) => reader.requirement(node),
        };
        let source = keys.need::<MaterialSource>("source");
        let copies = keys.or::<u16>("copies", 1);
        if let (Some(0), Some(node)) = (copies, keys.get("copies")) {
            reader.problems.at(node, "份数至少 1。", "At least 1 copy is needed.");
        }
        let paper = keys.or("paper", Paper::Electronic);
        let standard = keys.optional("standard");
        let least_trust = keys.or("least_trust", Trust::C);
        let promise_allowed = keys.or("promise_allowed", false);
        let deferrable = keys.or("deferrable", false);
        let reuse = keys.optional("reuse");
        let (blank_form, sample) = (keys.optional("blank_form"), keys.optional("sample"));
        let own_because = keys.optional::<Text>("own_because");
        let scenarios = belonging(&keys, reader);
        if let Some(source) = &source {
            check_source(&keys, source, reader);
        }
        if let (Some(name), Some(MaterialSource::Own), Some(None)) = (&name, &source, &own_because) {
            check_asked_once(&keys, name, reader);
        }
        keys.close();
        Some(Self {
            code: code?.0,
            name: name?,
            help: help?,
            required: required?,
            source: source?,
            paper: paper?,
            copies: copies?,
            standard: standard?,
            least_trust: least_trust?,
            promise_allowed: promise_allowed?,
            deferrable: deferrable?,
            reuse: reuse?,
            blank_form: blank_form?,
            sample: sample?,
            own_because: own_because?,
            scenarios: scenarios?,
        })
    }
}

/// Ask nothing twice: what a certificate supplies is taken from there.
fn check_asked_once(keys: &Keys<'_, '_>, name: &Text, reader: &Reader<'_>) {
    let Some(entry) = reader.register.and_then(|register| register.supplying(&name.zh)) else { return };
    let of = &entry.certificate_type;
    reader.problems.at(
        keys.get("source").unwrap_or(keys.node),
        format!(
            "电子证照“{}”已能提供“{}”，请写 source: {{ certificate: \"{of}\" }}，或用 own_because 说明为何仍须自备。",
            entry.name.zh, name.zh
        ),
        format!(
            "The certificate “{}” supplies “{}”: write source: {{ certificate: \"{of}\" }}, or say under own_because why the applicant must bring it.",
            entry.name.en, name.en
        ),
    );
}

/// A certificate nobody issues can neither be asked for nor handed out.
pub(super) fn check_registered(node: &Node, of: &CertificateType, reader: &Reader<'_>) {
    if reader.register.is_some_and(|register| register.lacks(of)) {
        reader.problems.at(
            node,
            format!("证照目录中没有类型 {of}，没有部门签发；请核对编码或先在证照目录中登记。"),
            format!("The register has no certificate type {of}, so nobody issues it; check the code or enter it in the register first."),
        );
    }
}

/// Keys that mean nothing for a document that is got in another way.
fn check_source(keys: &Keys<'_, '_>, source: &MaterialSource, reader: &Reader<'_>) {
    let senseless: &[&'static str] = match source {
        MaterialSource::Shared { .. } => {
            &["deferrable", "promise_allowed", "least_trust", "reuse", "blank_form", "sample", "own_because"]
        }
        MaterialSource::Certificate { .. } => &["own_because"],
        MaterialSource::Own => &[],
    };
    for key in senseless {
        if let Some(node) = keys.get(key) {
            let (zh, en) = match source {
                MaterialSource::Shared { .. } => {
                    ("共享核验的材料无需提交", "Nothing is handed in for a shared material")
                }
                MaterialSource::Certificate { .. } | MaterialSource::Own => {
                    ("该材料由电子证照提供", "A certificate supplies this material")
                }
            };
            reader.problems.at(
                node,
                format!("{zh}，不能写 {key}。"),
                format!("{en}, so {key} has no meaning; remove it."),
            );
        }
    }
    if let (MaterialSource::Own, Some(node)) = (source, keys.get("least_trust"))
        && node.scalar() == Some("A")
    {
        reader.problems.at(
            node,
            "自备材料没有签发者，least_trust 最高为 B。",
            "Nobody issues an own document; least_trust is B at most.",
        );
    }
}

impl Read for Reuse {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let within_days = keys.need("within_days");
        if let (Some(0), Some(node)) = (within_days, keys.get("within_days")) {
            reader.problems.at(
                node,
                "within_days 至少为 1；不再复用的，请删去 reuse。",
                "within_days is at least 1; where nothing serves again, remove reuse.",
            );
        }
        keys.close();
        Some(Self { within_days: within_days? })
    }
}

impl Read for Download {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let download = match one_of(&keys, reader, &["text", "url"]) {
            Some("text") => keys.need("text").map(Self::Text),
            Some(_) => {
                let url = keys.need::<String>("url");
                if let (Some(url), Some(node)) = (&url, keys.get("url")) {
                    check_address(node, url, reader);
                }
                url.map(Self::Url)
            }
            None => None,
        };
        keys.close();
        download
    }
}

fn check_address(node: &Node, url: &str, reader: &Reader<'_>) {
    let Some(rest) = url.strip_prefix("https://") else {
        return reader.problems.at(node, "网址要以 https:// 开头。", "The address must start with https://.");
    };
    if let Some(sign) = no_part_of_an_address(rest).filter(|_| !reader.is_published) {
        reader.problems.at(
            node,
            format!("网址中不能写“{sign}”；请从浏览器的地址栏复制，其中的空格和汉字会写成 % 开头的编码。"),
            format!("No address holds “{sign}” there; copy it out of a browser, which writes blanks and Chinese with %."),
        );
    }
}

/// What stands in an address, after its scheme, where it may not (RFC 3986): an empty
/// host is its slash.
fn no_part_of_an_address(rest: &str) -> Option<char> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    if host.is_empty() {
        return Some('/');
    }
    let mut fragments = 0;
    let wrong = |&(at, sign): &(usize, char)| match sign {
        '%' => !path[at + 1..].get(..2).is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit())),
        '#' => std::mem::replace(&mut fragments, 1) > 0,
        sign => !(sign.is_ascii_alphanumeric() || "-._~:/?@!$&'()*+,;=".contains(sign)),
    };
    let of_host = |sign: &char| !(sign.is_ascii_alphanumeric() || "-.:".contains(*sign));
    host.chars().find(of_host).or_else(|| path.char_indices().find(wrong).map(|(_, sign)| sign))
}

/// Reports a mapping that has not exactly one of the keys that exclude each other.
pub(super) fn one_of<'k>(
    keys: &Keys<'_, '_>,
    reader: &Reader<'_>,
    choices: &'k [&'static str],
) -> Option<&'k str> {
    keys.allow(choices);
    let mut given = choices.iter().filter(|choice| keys.has(choice));
    match (given.next(), given.next()) {
        (Some(only), None) => Some(only),
        // What stands there instead is told as a key there is none of.
        (None, _) if !keys.node.entries().is_empty() => None,
        (None, _) | (Some(_), Some(_)) => {
            reader.problems.at(
                keys.node,
                format!("请在 {} 中写且只写一个。", choices.join("、")),
                format!("Write exactly one of {}.", choices.join(", ")),
            );
            None
        }
    }
}

impl Read for MaterialSource {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let source = match one_of(&keys, reader, &["own", "certificate", "shared"]) {
            Some("own") => {
                let own = keys.need::<bool>("own");
                if let (Some(false), Some(node)) = (own, keys.get("own")) {
                    reader.problems.at(
                        node,
                        "自备材料请写 own: true。",
                        "For the applicant's own document write own: true.",
                    );
                }
                own.map(|_| Self::Own)
            }
            Some("certificate") => {
                let certificate_type = keys.need("certificate");
                if let (Some(of), Some(node)) = (&certificate_type, keys.get("certificate")) {
                    check_registered(node, of, reader);
                }
                certificate_type.map(|certificate_type| Self::Certificate { certificate_type })
            }
            Some(_) => keys.need::<Name>("shared").map(|Name(register)| Self::Shared { register }),
            None => None,
        };
        keys.close();
        source
    }
}

impl Read for Step {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let (code, name) = (keys.need::<Name>("code"), keys.need("name"));
        let (role, four_eyes) = (keys.need("role"), keys.or("four_eyes", false));
        let opinions = keys.or::<Vec<OpinionWanted>>("opinions", Vec::new());
        if let (Some(opinions), Some(node)) = (&opinions, keys.get("opinions")) {
            check_asked_once_each(node, opinions, reader);
        }
        keys.close();
        Some(Self { code: code?.0, name: name?, role: role?, four_eyes: four_eyes?, opinions: opinions? })
    }
}

impl Read for OpinionWanted {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let (agency, name) = (keys.need("agency"), keys.need("name"));
        let limit = keys.need::<Limit>("limit");
        if let (Some(Limit { days: 0, .. }), Some(node)) = (&limit, keys.get("limit")) {
            reader.problems.at(
                node,
                "征求意见的期限至少 1 天。",
                "An agency has at least 1 day for its opinion.",
            );
        }
        let silence = keys.need("silence");
        keys.close();
        Some(Self { agency: agency?, name: name?, limit: limit?, silence: silence? })
    }
}

fn check_asked_once_each(node: &Node, opinions: &[OpinionWanted], reader: &Reader<'_>) {
    for (index, wanted) in opinions.iter().enumerate() {
        if opinions[..index].iter().any(|earlier| earlier.agency == wanted.agency) {
            reader.problems.at(
                node,
                format!("“{}”列了两次，请删去一处。", wanted.name.zh),
                format!("“{}” is asked twice; remove one.", wanted.name.en),
            );
        }
    }
}
