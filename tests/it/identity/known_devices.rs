//! The cookie by which a browser is known again, on the sign-in pages.

use super::browser::Browser;
use super::house::{House, PASSWORD};
use super::tab::Tab;

const MOBILE: &str = "13900000001";

async fn fail(house: &House, times: usize) {
    let browser = Browser::open(house, "web", "cases").await;
    for _ in 0..times {
        browser.try_password(MOBILE, "wrong password").await;
    }
}

#[actix_web::test]
async fn the_owners_own_browser_is_let_in_while_all_others_wait() {
    let house = House::build().await;
    house.register(MOBILE).await;
    let mut own = Tab::new(&house);
    own.visit("web", "cases", &[]).await.sign_in(MOBILE).await.code();
    let device = own.cookie("wst_device").unwrap().to_owned();

    fail(&house, 6).await;
    let mut other = Tab::new(&house);
    other.visit("web", "cases", &[]).await.sign_in(MOBILE).await;
    assert_eq!((other.status, other.answer.as_deref()), (429, None));
    let mut forger = Tab::new(&house);
    forger.jar.insert("wst_device".to_owned(), format!("{}.{}", "A".repeat(43), "A".repeat(43)));
    forger.visit("web", "cases", &[]).await.sign_in(MOBILE).await;
    assert_eq!(forger.status, 429);

    // The device alone; nobody is signed in there any more.
    let mut back = Tab::new(&house);
    back.jar.insert("wst_device".to_owned(), device);
    back.visit("web", "cases", &[]).await.sign_in(MOBILE).await.code();
}

#[actix_web::test]
async fn a_browser_is_remembered_when_somebody_signed_in_and_not_before() {
    let house = House::build_behind_tls().await;
    house.register(MOBILE).await;
    let browser = Browser::open(&house, "web", "cases").await;
    let set = |answer: &reqwest::Response| -> Option<String> {
        let cookies = answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
        cookies.into_iter().find(|cookie| cookie.contains("wst_device")).map(str::to_owned)
    };
    assert_eq!(set(&browser.try_password(MOBILE, "wrong password").await), None);
    let cookie = set(&browser.try_password(MOBILE, PASSWORD).await).unwrap();
    assert!(cookie.starts_with("__Host-wst_device="), "{cookie}");
    for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure", "; Max-Age=34560000"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let kiosk = Browser::open(&house, "kiosk", "cases").await;
    let answer = kiosk.try_password(MOBILE, PASSWORD).await;
    assert_eq!((answer.status().as_u16(), set(&answer)), (303, None), "a kiosk is nobody's");
}
