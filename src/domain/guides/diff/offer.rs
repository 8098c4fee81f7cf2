//! What is offered, by whom, to whom and where.

use chrono::NaiveDate;

use super::words::{arrow, cited, explained, joined, listed, named, plain, quoted, reach, way};
use super::{About, Pairs, Teller};
use crate::domain::codes::{GuideCode, RegionCode, ServiceObject, Uscc};
use crate::domain::guides::model::{
    ChannelLimit, CrossRegion, IdentityLevel, Item, LegalBasis, Telephone, Venue,
};
use crate::domain::text::Text;

type Codes<'a> = (&'a GuideCode, &'a Uscc, &'a RegionCode);

pub(super) fn codes(teller: &mut Teller, (code, agency, region): Codes<'_>, new: Codes<'_>) {
    arrow(teller, About::Agency, ("实施编码", "guide code"), &plain(code), &plain(new.0));
    arrow(teller, About::Agency, ("实施机构", "agency"), &plain(agency), &plain(new.1));
    arrow(teller, About::Region, ("服务地区", "region served"), &plain(region), &plain(new.2));
}

pub(super) fn item(teller: &mut Teller, old: &Item, new: &Item) {
    let Item { basic_code, name, item_type, legal_basis, aliases, life_events } = old;
    arrow(teller, About::Agency, ("基本编码", "basic code"), &plain(basic_code), &plain(&new.basic_code));
    named(teller, About::Wording, ("事项", "service"), name, &new.name);
    arrow(teller, About::Law, ("事项类型", "type of service"), &item_type.text(), &new.item_type.text());
    law(teller, legal_basis, &new.legal_basis);
    listed(teller, About::Wording, ("别称", "also known as"), (aliases, &new.aliases), |word| plain(word));
    listed(teller, About::Wording, ("人生事件", "life events"), (life_events, &new.life_events), |word| {
        plain(word)
    });
}

fn law(teller: &mut Teller, old: &[LegalBasis], new: &[LegalBasis]) {
    let article = |basis: &LegalBasis| {
        let LegalBasis { law, article, text: _ } = basis;
        Text::new(format!("{}{article}", law.zh), format!("{}, {article}", law.en))
    };
    let pairs = Pairs::of(old, new, |basis| (basis.law.zh.clone(), basis.article.clone()));
    for basis in pairs.added.iter().map(|basis| article(basis)) {
        teller.tell(About::Law, format!("新增依据：{}", basis.zh), format!("new legal basis: {}", basis.en));
    }
    for basis in pairs.dropped.iter().map(|basis| article(basis)) {
        teller.tell(
            About::Law,
            format!("取消依据：{}", basis.zh),
            format!("legal basis dropped: {}", basis.en),
        );
    }
    if pairs.moved {
        teller.tell(About::Wording, "依据的先后顺序有调整", "the legal bases are listed in another order");
    }
    for (LegalBasis { law, article: _, text }, new) in pairs.kept {
        named(teller, About::Wording, ("法律", "law"), law, &new.law);
        if *text != new.text {
            let basis = article(new);
            teller.tell(
                About::Law,
                format!("{}的条文改为：{}", basis.zh, new.text),
                format!("the words of {} are now: {}", basis.en, new.text),
            );
        }
    }
}

type Words<'a> = (&'a Text, &'a [String]);

pub(super) fn words(teller: &mut Teller, (summary, topics): Words<'_>, (new_summary, new_topics): Words<'_>) {
    explained(teller, About::Wording, ("简介", "summary"), Some(summary), Some(new_summary));
    listed(teller, About::Wording, ("主题", "topics"), (topics, new_topics), |word| plain(word));
}

pub(super) fn service_objects(teller: &mut Teller, old: &[ServiceObject], new: &[ServiceObject]) {
    listed(teller, About::ServiceObject, ("服务对象", "who may apply"), (old, new), |object| {
        object.text()
    });
}

pub(super) fn identity(teller: &mut Teller, old: IdentityLevel, new: IdentityLevel) {
    let IdentityLevel { ial, aal } = old;
    arrow(
        teller,
        About::Identity,
        ("须达到的实名等级", "identity must be proven to level"),
        &plain(ial),
        &plain(new.ial),
    );
    arrow(
        teller,
        About::Identity,
        ("须达到的登录强度", "sign-in must be of level"),
        &plain(aal),
        &plain(new.aal),
    );
}

pub(super) fn telephone(teller: &mut Teller, old: &Telephone, new: &Telephone) {
    let Telephone { enquiry, complaint } = old;
    arrow(
        teller,
        About::Telephone,
        ("咨询电话", "telephone for enquiries"),
        &plain(enquiry),
        &plain(&new.enquiry),
    );
    arrow(
        teller,
        About::Telephone,
        ("监督投诉电话", "telephone for complaints"),
        &plain(complaint),
        &plain(&new.complaint),
    );
}

pub(super) fn visits(teller: &mut Teller, old: u8, new: u8) {
    let times = |visits: u8| match visits {
        0 => Text::new("不用到现场", "none"),
        visits => Text::new(format!("{visits} 次"), visits.to_string()),
    };
    arrow(teller, About::Visit, ("到现场次数", "visits in person"), &times(old), &times(new));
}

pub(super) fn cross_region(teller: &mut Teller, old: CrossRegion, new: CrossRegion) {
    arrow(teller, About::Region, ("通办范围", "where it may be applied for"), &reach(old), &reach(new));
}

pub(super) fn venues(teller: &mut Teller, old: &[Venue], new: &[Venue]) {
    const ABOUT: About = About::Venue;
    let pairs = Pairs::of(old, new, |venue| venue.name.zh.clone());
    for Venue { name, address, hours, telephone } in &pairs.added {
        let (zh, en) = match telephone {
            None => (String::new(), String::new()),
            Some(number) => (format!("，电话 {number}"), format!(", telephone {number}")),
        };
        teller.tell(
            ABOUT,
            format!("新增办理地点：“{}”，{}，{}{zh}", name.zh, address.zh, hours.zh),
            format!("new venue: “{}”, {}, {}{en}", name.en, address.en, hours.en),
        );
    }
    for name in pairs.dropped.iter().map(|venue| quoted(&venue.name)) {
        teller.tell(ABOUT, format!("取消办理地点：{}", name.zh), format!("venue dropped: {}", name.en));
    }
    if pairs.moved {
        teller.tell(About::Wording, "办理地点的先后顺序有调整", "the venues are listed in another order");
    }
    for (Venue { name, address, hours, telephone }, new) in pairs.kept {
        named(teller, About::Wording, ("办理地点", "venue"), name, &new.name);
        let name = quoted(&new.name);
        let mut now = |(zh, en): (&str, &str), old: &Text, new: &Text| {
            let what = (format!("{}的{zh}", name.zh), format!("{en} of {}", name.en));
            arrow(teller, ABOUT, (&what.0, &what.1), old, new);
        };
        now(("地址", "address"), address, &new.address);
        now(("办理时间", "hours"), hours, &new.hours);
        let number = |number: &Option<String>| number.as_ref().map_or_else(|| Text::new("无", "none"), plain);
        now(("电话", "telephone"), &number(telephone), &number(&new.telephone));
    }
}

pub(super) fn channels(teller: &mut Teller, old: Option<&ChannelLimit>, new: Option<&ChannelLimit>) {
    let only = |limit: Option<&ChannelLimit>| match limit {
        None => Text::new("所有渠道", "all channels"),
        Some(ChannelLimit { only, basis: _ }) => joined(&only.iter().map(way).collect::<Vec<_>>()),
    };
    let differs = match (old, new) {
        (None, None) => false,
        (Some(old), Some(new)) => super::differ(&old.only, &new.only),
        (None, Some(_)) | (Some(_), None) => true,
    };
    if differs {
        arrow(teller, About::OfferedThrough, ("办理渠道", "channels"), &only(old), &only(new));
    } else {
        arrow(
            teller,
            About::Wording,
            ("办理渠道的先后顺序", "order of the channels"),
            &only(old),
            &only(new),
        );
    }
    let basis = |limit: Option<&ChannelLimit>| Some(cited(&limit?.basis));
    explained(
        teller,
        About::Law,
        ("限定渠道的依据", "legal basis of the limit of channels"),
        basis(old).as_ref(),
        basis(new).as_ref(),
    );
}

type Span = (Option<NaiveDate>, Option<NaiveDate>);

pub(super) fn effect(teller: &mut Teller, (from, until): Span, (new_from, new_until): Span) {
    let begins = |day: Option<NaiveDate>| day.map_or_else(|| Text::new("公布之日", "publication"), plain);
    let ends = |day: Option<NaiveDate>| day.map_or_else(|| Text::new("不设期限", "no end"), plain);
    arrow(teller, About::Effect, ("施行日期", "in force from"), &begins(from), &begins(new_from));
    arrow(teller, About::Effect, ("受理截止", "takes new cases until"), &ends(until), &ends(new_until));
}
