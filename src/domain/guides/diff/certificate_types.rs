//! What is new in the register of certificate types.

use super::words::{explained, listed, named, plain, quoted};
use super::{About, Change, Pairs, Teller, in_order};
use crate::domain::codes::Uscc;
use crate::domain::guides::read::CertificateTypeEntry;

/// What `new` changes in `old`; the order of the types counts for nothing.
pub fn diff_certificate_types(old: &[CertificateTypeEntry], new: &[CertificateTypeEntry]) -> Vec<Change> {
    let mut teller = Teller::default();
    let pairs = Pairs::of(old, new, |entry| entry.certificate_type.clone());
    for name in pairs.added.iter().map(|entry| quoted(&entry.name)) {
        teller.tell(
            About::Result,
            format!("多一种电子证照：{}", name.zh),
            format!("one type of certificate more: {}", name.en),
        );
    }
    for name in pairs.dropped.iter().map(|entry| quoted(&entry.name)) {
        teller.tell(
            About::Result,
            format!("少一种电子证照：{}", name.zh),
            format!("one type of certificate fewer: {}", name.en),
        );
    }
    for (old, new) in pairs.kept {
        let CertificateTypeEntry { certificate_type: _, name, supplies, attributes, issuers, elsewhere } =
            old;
        named(&mut teller, About::Wording, ("证照", "certificate"), name, &new.name);
        let name = quoted(&new.name);
        let (zh, en) =
            (format!("{}可以代替的材料", name.zh), format!("materials that {} stands for", name.en));
        listed(&mut teller, About::Material, (&zh, &en), (supplies, &new.supplies), |word| plain(word));
        let (zh, en) = (format!("{}载明的内容", name.zh), format!("what {} says", name.en));
        listed(&mut teller, About::Result, (&zh, &en), (attributes, &new.attributes), |word| plain(word));
        let (zh, en) = (format!("可以签发{}的部门", name.zh), format!("agencies that may issue {}", name.en));
        let told = |agency: &Uscc| plain(agency.as_str());
        listed(&mut teller, About::Result, (&zh, &en), (issuers, &new.issuers), told);
        let (zh, en) = (format!("{}在别处的签发者", name.zh), format!("who issues {} elsewhere", name.en));
        explained(&mut teller, About::Result, (&zh, &en), elsewhere.as_ref(), new.elsewhere.as_ref());
    }
    in_order(teller.told)
}
