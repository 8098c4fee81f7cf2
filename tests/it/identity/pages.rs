//! The pages as they are sent, in both languages, and what holds of every one of
//! them: landmarks, labels, language, and nothing a browser should not be let do.

use std::collections::HashSet;

use super::house::House;
use super::tab::Tab;

const MOBILE: &str = "13900000001";

/// The page with what differs from run to run left out.
fn still(tab: &Tab) -> String {
    let mut page = tab.page.clone();
    for mark in ["name=\"form_token\" value=\"", "name=\"shown_to\" value=\"", "name=\"stale\" value=\""] {
        page = replaced(&page, mark);
    }
    page = replaced(&page, "name=\"back\" value=\"");
    page = replaced(&page, "name=\"id\" value=\"");
    for address in ["href=\"/oauth2/register?", "href=\"/oauth2/password?", "href=\"/oauth2/sign_in?"] {
        page = replaced(&page, address);
    }
    page = replaced(&page, "class=\"secret\">");
    page = replaced(&page, "href=\"otpauth://");
    page.replace("><", ">\n<")
}

/// What follows each mark, up to the next quote or tag, as `…`.
fn replaced(page: &str, mark: &str) -> String {
    let mut parts = page.split(mark);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(['"', '<']).unwrap_or(part.len());
        kept.push_str(mark);
        kept.push('…');
        kept.push_str(&part[end..]);
    }
    kept
}

/// What must hold of every page, however it came.
fn check(tab: &Tab, name: &str) {
    let page = &tab.page;
    let lang = if tab.language == "en" { "<html lang=\"en\">" } else { "<html lang=\"zh-CN\">" };
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains(lang), "{name}: {page}");
    for landmark in ["<header>", "<main>", "<title>", "name=\"viewport\""] {
        assert_eq!(page.matches(landmark).count(), 1, "{name}: {landmark}");
    }
    assert_eq!(page.matches("<h1>").count(), 1, "{name}");
    assert!(!page.contains("style=\"") && !page.contains("onclick") && !page.contains("<script>"), "{name}");
    assert!(page.contains("action=\"/oauth2/language\""), "{name}: no way to choose the language");
    let mut ids = HashSet::new();
    for id in page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(ids.insert(id), "{name}: `{id}` occurs twice");
    }
    for input in page.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap()) {
        if input.contains("type=\"hidden\"") {
            continue;
        }
        let id = input.split(" id=\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(page.contains(&format!("<label for=\"{id}\">")), "{name}: `{id}` has no label");
        assert!(input.contains("autocomplete=\""), "{name}: `{id}` does not say what fills it in");
        for described in
            input.split("aria-describedby=\"").skip(1).map(|rest| rest.split('"').next().unwrap())
        {
            assert!(described.split(' ').all(|id| ids.contains(id)), "{name}: {described}");
        }
    }
    for link in page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(ids.contains(link), "{name}: the summary leads to `{link}`, which is not there");
    }
    let header = |name: &str| tab.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("cache-control"), "no-store", "{name}");
    assert_eq!(header("x-frame-options"), "DENY", "{name}");
    assert_eq!(header("referrer-policy"), "no-referrer", "{name}");
    let policy = header("content-security-policy");
    for rule in ["default-src 'none'", "script-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(rule), "{name}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{name}: {policy}");
}

async fn look(tab: &mut Tab, name: &str) {
    check(tab, name);
    insta::assert_snapshot!(format!("page_{name}_{}", tab.language), still(tab));
}

async fn walk(language: &'static str) {
    let house = House::build_named().await;
    house.register(MOBILE).await;
    let mut tab = Tab::new(&house);
    tab.language = language;
    tab.visit("shop", "openid cases", &[("acr_values", "ial1-aal2")]).await;
    look(&mut tab, "sign_in").await;
    tab.press("password", &[("mobile", MOBILE), ("password", "wrong password")]).await;
    look(&mut tab, "sign_in_denied").await;
    tab.press("send_code", &[("mobile", "139")]).await;
    check(&tab, "sign_in_invalid");
    tab.sign_in(MOBILE).await;
    look(&mut tab, "second_factor").await;
    tab.press("send_factor", &[]).await;
    look(&mut tab, "second_factor_code").await;
    tab.press("show_code", &[("code", "000000")]).await;
    check(&tab, "second_factor_denied");
    tab.press("show_code", &[("code", &house.last_code(MOBILE))]).await;
    look(&mut tab, "consent").await;
    tab.press("allow", &[]).await;
    tab.visit("web", "openid cases", &[("acr_values", "ial4-aal1")]).await;
    look(&mut tab, "identity").await;
    tab.visit("web", "openid cases", &[("acr_values", "ial1-aal3")]).await;
    check(&tab, "identity_device");
    tab.open("/account").await;
    look(&mut tab, "account").await;
    tab.open("/account/password").await;
    look(&mut tab, "password").await;
    tab.open("/account").await.press("begin_totp", &[]).await;
    look(&mut tab, "totp").await;
    tab.open("/device").await;
    look(&mut tab, "device").await;
    tab.open("/oauth2/register").await;
    look(&mut tab, "register").await;
    tab.press("send_code", &[("mobile", "13900000002")]).await;
    look(&mut tab, "register_code").await;
    tab.open("/oauth2/password").await;
    look(&mut tab, "forgotten").await;
    tab.open("/oauth2/end_session?client_id=web").await;
    look(&mut tab, "end_session").await;
    tab.open("/oauth2/authorize?client_id=nobody").await;
    look(&mut tab, "refused").await;
}

#[actix_web::test]
async fn the_pages_in_chinese() {
    walk("zh-CN").await;
}

#[actix_web::test]
async fn the_pages_in_english() {
    walk("en").await;
}

/// Contrast of the colours of the style sheet (WCAG 2.2 §1.4.3), on both schemes.
#[test]
fn every_colour_can_be_read_on_its_paper() {
    let sheet = wanshitong::http::pages::STYLE;
    let schemes: Vec<&str> =
        sheet.split(":root {").skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
    assert_eq!(schemes.len(), 2);
    for scheme in schemes {
        let colour = |name: &str| {
            let hex = scheme.split(&format!("--{name}: #")).nth(1).unwrap().get(..6).unwrap();
            luminance(hex)
        };
        for (name, least) in [("ink", 7.0), ("blue", 4.5), ("red", 4.5), ("line", 3.0)] {
            let (one, other) = (colour(name), colour("paper"));
            let ratio = (one.max(other) + 0.05) / (one.min(other) + 0.05);
            assert!(ratio >= least, "--{name} has {ratio:.2} on its paper");
        }
    }
}

fn luminance(hex: &str) -> f64 {
    let part = |at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4)
}
