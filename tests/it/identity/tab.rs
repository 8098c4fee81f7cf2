//! A browser without JavaScript that keeps its cookies, follows where it is sent
//! within the portal, and presses the buttons it finds on the page.

use std::collections::BTreeMap;

use reqwest::Response;

use super::browser::authorize_query;
use super::house::{CALLBACK, House, PASSWORD};

pub struct Tab {
    pub http: reqwest::Client,
    pub url: String,
    callback: String,
    pub jar: BTreeMap<String, String>,
    pub language: &'static str,
    pub user_agent: &'static str,
    /// The page that lies open.
    pub status: u16,
    pub page: String,
    /// Where a client was answered.
    pub answer: Option<String>,
    /// The address of the page, without the host.
    pub address: String,
    pub headers: reqwest::header::HeaderMap,
}

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";

impl Tab {
    pub fn new(house: &House) -> Self {
        Self::at(&house.url, CALLBACK)
    }

    /// At the portal with this address, for a client with that one.
    pub fn at(url: &str, callback: &str) -> Self {
        Self {
            http: crate::support::http(),
            url: url.to_owned(),
            callback: callback.to_owned(),
            jar: BTreeMap::new(),
            language: "en",
            user_agent: CHROME,
            status: 0,
            page: String::new(),
            answer: None,
            address: String::new(),
            headers: reqwest::header::HeaderMap::new(),
        }
    }

    /// The same browser's next tab: the same cookies.
    pub fn beside(&self) -> Tab {
        Tab { jar: self.jar.clone(), language: self.language, ..Tab::at(&self.url, &self.callback) }
    }

    pub async fn open(&mut self, path: &str) -> &mut Self {
        let request = self.http.get(format!("{}{path}", self.url));
        self.send(request, path).await
    }

    /// A client sends the person here.
    pub async fn visit(&mut self, client: &str, scope: &str, more: &[(&'static str, &str)]) -> &mut Self {
        let mut query = authorize_query(client, scope);
        query.retain(|(name, _)| *name != "redirect_uri");
        query.push(("redirect_uri", self.callback.clone()));
        query.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let query = serde_urlencoded::to_string(query).unwrap();
        self.open(&format!("/oauth2/authorize?{query}")).await
    }

    pub fn form_request(&self, path: &str, pairs: &[(&str, &str)]) -> reqwest::RequestBuilder {
        self.http
            .post(format!("{}{path}", self.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(serde_urlencoded::to_string(pairs).unwrap())
    }

    pub async fn post(&mut self, path: &str, pairs: &[(&str, &str)]) -> &mut Self {
        let request = self.form_request(path, pairs);
        self.send(request, path).await
    }

    /// Presses the button with this value, the form filled in with `fields`.
    pub async fn press(&mut self, action: &str, fields: &[(&str, &str)]) -> &mut Self {
        let form = self.form(action);
        let mut pairs: Vec<(&str, &str)> =
            form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        pairs.retain(|(name, _)| *name != "action" && fields.iter().all(|(other, _)| other != name));
        pairs.push(("action", action));
        pairs.extend_from_slice(fields);
        self.post(&form.target, &pairs).await
    }

    /// Presses the same button of the line that says `words`.
    pub async fn press_at(&mut self, words: &str, action: &str) -> &mut Self {
        let from = self.page.find(words).unwrap_or_else(|| panic!("`{words}` is not on {}", self.page));
        let whole = std::mem::take(&mut self.page);
        self.page = whole[from..].to_owned();
        self.press(action, &[]).await
    }

    pub fn form(&self, action: &str) -> Form {
        let mark = format!("name=\"action\" value=\"{action}\"");
        let form = self.page.split("<form").skip(1).map(|rest| rest.split("</form>").next().unwrap());
        let form = form.into_iter().find(|form| form.contains(&mark));
        Form::read(form.unwrap_or_else(|| panic!("no button `{action}` on {}", self.page)))
    }

    pub fn has_button(&self, action: &str) -> bool {
        self.page.contains(&format!("name=\"action\" value=\"{action}\""))
    }

    /// A parameter of the answer to the client.
    pub fn sent_back(&self, name: &str) -> Option<String> {
        let query = self.answer.as_ref()?.strip_prefix(&format!("{}?", self.callback))?;
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
        pairs.into_iter().find(|(other, _)| other == name).map(|(_, value)| value)
    }

    #[track_caller]
    pub fn code(&self) -> String {
        self.sent_back("code").unwrap_or_else(|| panic!("no code: {} {}", self.status, self.page))
    }

    #[track_caller]
    pub fn error(&self) -> String {
        self.sent_back("error").unwrap_or_else(|| panic!("no error: {} {}", self.status, self.page))
    }

    pub async fn sign_in(&mut self, mobile: &str) -> &mut Self {
        self.press("password", &[("mobile", mobile), ("password", PASSWORD)]).await
    }

    /// Signs in on the page that asks for it, and leaves the answer to the client aside.
    pub async fn sign_in_anew(&mut self, mobile: &str) -> &mut Self {
        self.sign_in(mobile).await;
        self.code();
        self
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.jar.get(name).map(String::as_str)
    }

    pub fn title(&self) -> String {
        let title = self.page.split("<h1>").nth(1).and_then(|rest| rest.split("</h1>").next());
        title.unwrap_or_default().to_owned()
    }

    async fn send(&mut self, request: reqwest::RequestBuilder, path: &str) -> &mut Self {
        self.answer = None;
        let mut answer = self.sent(request).await;
        path.clone_into(&mut self.address);
        for _ in 0..8 {
            let Some(location) = answer.headers().get("location") else { break };
            let location = location.to_str().unwrap().to_owned();
            if !location.starts_with('/') {
                self.answer = Some(location);
                break;
            }
            location.clone_into(&mut self.address);
            let next = self.http.get(format!("{}{location}", self.url));
            answer = self.sent(next).await;
        }
        self.status = answer.status().as_u16();
        self.headers = answer.headers().clone();
        self.page = answer.text().await.unwrap();
        self
    }

    pub async fn sent(&mut self, request: reqwest::RequestBuilder) -> Response {
        let cookies: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request
            .header("cookie", cookies.join("; "))
            .header("accept-language", self.language)
            .header("user-agent", self.user_agent)
            .send()
            .await
            .unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// A form as it stands on the page.
#[derive(Debug, Clone)]
pub struct Form {
    pub target: String,
    pub hidden: Vec<(String, String)>,
}

impl Form {
    fn read(form: &str) -> Self {
        let attribute = |tag: &str, name: &str| {
            let tail = tag.split(&format!(" {name}=\"")).nth(1)?;
            tail.split('"').next().map(unescaped)
        };
        let head = form.split('>').next().unwrap();
        let inputs = form.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap());
        let hidden = inputs.filter(|input| input.contains("type=\"hidden\"")).filter_map(|input| {
            Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default()))
        });
        Self { target: attribute(head, "action").unwrap(), hidden: hidden.collect() }
    }
}

pub fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
