//! Every "no" of the portal as RFC 9457 `application/problem+json`. The table
//! below is the catalogue: one code, one status, one title in two languages.
//!
//! A handler returns [`Problem`]; the envelope renders it, since only there the
//! language and the request id are known. What went wrong inside is logged once,
//! with the request id, and never sent.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppError;
use crate::domain::identity::Algorithm;
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::{Language, Text};

/// Where a file under way goes on.
pub const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");

/// A problem on its way out: code, words and fields, not yet in a language.
#[derive(Debug, Clone)]
pub struct Problem {
    pub code: Code,
    /// More than can be said of every problem with this code.
    pub detail: Option<Text>,
    pub errors: Vec<FieldError>,
    /// The legal article that demands it.
    pub article: Option<&'static str>,
    pub headers: Vec<(HeaderName, String)>,
}

macro_rules! catalogue {
    ($($variant:ident $code:literal $status:ident $zh:literal $en:literal $next_zh:literal $next_en:literal;)+) => {
        /// Stable, machine-readable names of everything that can go wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($variant),+ }

        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $code),+ }
            }

            pub fn status(self) -> StatusCode {
                match self { $(Code::$variant => StatusCode::$status),+ }
            }

            pub fn title(self) -> Text {
                match self { $(Code::$variant => Text::new($zh, $en)),+ }
            }

            /// What to do next, where nothing more particular can be said.
            pub fn advice(self) -> Text {
                match self { $(Code::$variant => Text::new($next_zh, $next_en)),+ }
            }
        }
    };
}

catalogue! {
    BadRequest "bad_request" BAD_REQUEST "请求格式有误" "The request is malformed"
        "请求不完整或格式有误，请对照接口文档检查后重试。"
        "The request is incomplete or malformed; compare it with the API document and try again.";
    InvalidJson "invalid_json" BAD_REQUEST "请求体不是有效的 JSON" "The body is not valid JSON"
        "请检查 JSON 语法后重试。"
        "Check the JSON syntax and try again.";
    UnknownField "unknown_field" BAD_REQUEST "请求中有未知字段" "The request has an unknown field"
        "请删除 errors 中列出的字段后重试。"
        "Remove the fields listed in `errors` and try again.";
    InvalidField "invalid_field" BAD_REQUEST "请求字段有误" "A field of the request is not right"
        "请按 errors 逐项更正后重试。"
        "Correct each field listed in `errors` and try again.";
    Unauthenticated "unauthenticated" UNAUTHORIZED "请先登录" "Sign in first"
        "没有登录，或登录已失效。请重新登录，并在 Authorization 头中附上访问令牌。"
        "You are not signed in, or no longer. Sign in and send the access token in the Authorization header.";
    UnfitProof "invalid_dpop_proof" UNAUTHORIZED "密钥证明无效" "The proof of the key does not hold"
        "请用令牌所绑定的密钥，为本次请求重新生成 DPoP 证明（见 WWW-Authenticate）后再试。"
        "Make a new DPoP proof for this request with the key the token is bound to (see WWW-Authenticate), then try again.";
    StepUp "insufficient_user_authentication" UNAUTHORIZED "需要更高等级的身份认证" "A stronger proof of identity is needed"
        "请按 WWW-Authenticate 中的 acr_values 重新认证后再试。"
        "Sign in again with the `acr_values` named in WWW-Authenticate, then try again.";
    Forbidden "forbidden" FORBIDDEN "无权执行此操作" "You may not do this"
        "您的身份或岗位没有这项权限；如有需要，请联系管理员。"
        "Your role does not include this; ask an administrator if it should.";
    NotFound "not_found" NOT_FOUND "未找到" "Not found"
        "没有这个地址或资源，或者您无权查看。请核对编号。"
        "There is nothing here, or nothing you may see. Check the address and the number.";
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "此地址不支持该方法" "This address does not take that method"
        "请改用 Allow 头中列出的方法。"
        "Use one of the methods listed in the Allow header.";
    NotAcceptable "not_acceptable" NOT_ACCEPTABLE "无法提供所要求的格式" "The wanted format cannot be given"
        "请接受 application/json。"
        "Accept application/json.";
    Conflict "already_exists" CONFLICT "已经存在" "It exists already"
        "请直接使用已有的内容。"
        "Use what is there already.";
    WrongState "wrong_state" CONFLICT "当前状态不允许此操作" "Not possible in the present state"
        "请刷新后按当前状态办理。"
        "Reload it and act on its present state.";
    WrongStep "wrong_step" CONFLICT "尚未轮到该步骤" "It is not this step's turn"
        "请刷新后办理轮到的步骤。"
        "Reload it and take the step whose turn it is.";
    SamePerson "four_eyes" CONFLICT "须由另一人办理" "Another person must do this"
        "请由未参与前序步骤的人员办理。"
        "Let somebody who took no earlier step do it.";
    Held "held_by_another" CONFLICT "由他人领办中" "Another officer works on it"
        "请与领办人联系，或请主管改派后再办。"
        "Ask whoever works on it to release it, or a supervisor to reassign it.";
    WrongOffset "wrong_offset" CONFLICT "续传位置不符" "The upload stands elsewhere"
        "请从 Upload-Offset 头给出的位置继续上传。"
        "Go on from the byte named in the Upload-Offset header.";
    GuideClosed "guide_closed" CONFLICT "事项已停止办理" "The guide takes no applications"
        "请查看该事项的最新办事指南。"
        "See the item's present guides.";
    ChannelNotOffered "channel_not_offered" CONFLICT "须通过其他渠道办理" "Handled through other channels only"
        "请通过办事指南列明的渠道办理。"
        "Use one of the channels the guide names.";
    Stale "stale" PRECONDITION_FAILED "内容已被他人修改，请刷新后重试" "Changed by somebody else; reload and try again"
        "请重新读取，取得新的 ETag 后再提交修改。"
        "Read it again, take the new ETag, and make the change once more.";
    TooLarge "too_large" PAYLOAD_TOO_LARGE "请求体过大" "The body is too large"
        "请缩小后重试。"
        "Make it smaller and try again.";
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE "不支持的内容类型" "Unsupported media type"
        "请使用接口文档列出的 Content-Type。"
        "Use a Content-Type the API document lists.";
    UnsupportedMaterial "unsupported_material" UNPROCESSABLE_ENTITY "不支持的文件类型" "Unsupported type of file"
        "请上传 PDF、JPEG、PNG 或 OFD 文件。"
        "Upload a PDF, JPEG, PNG or OFD file.";
    ValidationFailed "validation_failed" UNPROCESSABLE_ENTITY "填报内容有误" "Some entries are not right"
        "请按 errors 逐项修改后重试。"
        "Correct each entry listed in `errors` and try again.";
    NotEligible "not_eligible" UNPROCESSABLE_ENTITY "不符合办理条件" "The conditions are not met"
        "请核对 errors 中列出的条件。"
        "Check the conditions listed in `errors`.";
    UnusableCertificate "unusable_certificate" UNPROCESSABLE_ENTITY "证照不可用" "The certificate cannot be used"
        "请换用有效的证照，或改为上传文件。"
        "Use a valid certificate or upload the document.";
    NotConfirmed "not_confirmed" UNPROCESSABLE_ENTITY "未能核实" "Not confirmed"
        "请核对后重试；确认无误仍未通过的，请到窗口办理。"
        "Check what you entered and try again; if all of it is right, a service counter helps.";
    InvalidCode "invalid_code" UNPROCESSABLE_ENTITY "验证码无效" "The code is not valid"
        "请重新获取验证码。"
        "Ask for a new code.";
    WeakPassword "weak_password" UNPROCESSABLE_ENTITY "密码不符合要求" "The password is not good enough"
        "请换一个更长、更难猜的密码。"
        "Choose a longer password that is harder to guess.";
    PasswordExpired "password_expired" FORBIDDEN "密码已过期" "The password has expired"
        "请先设置新密码，再登录。"
        "Set a new password first, then sign in.";
    KeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY "幂等键已用于另一请求" "The idempotency key was used for another request"
        "请为新的请求使用新的 Idempotency-Key。"
        "Use a new Idempotency-Key for a new request.";
    TooManyRequests "too_many_requests" TOO_MANY_REQUESTS "请求过于频繁，请稍后再试" "Too many requests; wait a moment"
        "请在 Retry-After 秒后重试。"
        "Try again after the seconds named in Retry-After.";
    Unavailable "unavailable" SERVICE_UNAVAILABLE "系统繁忙，请稍后重试" "The service is busy; try again in a moment"
        "请在 Retry-After 秒后重试；使用同一个 Idempotency-Key 重试不会重复办理。"
        "Try again after the seconds named in Retry-After; with the same Idempotency-Key nothing is done twice.";
    Internal "internal" INTERNAL_SERVER_ERROR "系统内部错误，已记录" "Something went wrong inside; it has been recorded"
        "请稍后重试；如仍出现，请将 request_id 告知管理员。"
        "Try again later; if it happens again, tell the operator the `request_id`.";
}

impl Problem {
    pub fn new(code: Code) -> Self {
        Self { code, detail: None, errors: Vec::new(), article: None, headers: Vec::new() }
    }

    pub fn detail(mut self, zh: impl Into<String>, en: impl Into<String>) -> Self {
        self.detail = Some(Text::new(zh, en));
        self
    }

    pub fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    pub fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// What the framework would have answered by itself, in our form.
    pub fn of_status(status: StatusCode) -> Self {
        let code = match status {
            StatusCode::UNAUTHORIZED => Code::Unauthenticated,
            StatusCode::FORBIDDEN => Code::Forbidden,
            StatusCode::NOT_FOUND => Code::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
            StatusCode::NOT_ACCEPTABLE => Code::NotAcceptable,
            StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
            StatusCode::TOO_MANY_REQUESTS => Code::TooManyRequests,
            StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
            status if status.is_client_error() => Code::BadRequest,
            _ => Code::Internal,
        };
        Self::new(code)
    }

    pub fn view(&self, language: Language, request_id: &str) -> ProblemView {
        ProblemView {
            type_: format!("urn:wanshitong:problem:{}", self.code.as_str()),
            title: self.code.title().get(language).to_owned(),
            status: self.code.status().as_u16(),
            detail: self.detail.clone().unwrap_or_else(|| self.code.advice()).get(language).to_owned(),
            code: self.code.as_str(),
            article: self.article,
            request_id: request_id.to_owned(),
            errors: self
                .errors
                .iter()
                .map(|error| FieldErrorView {
                    pointer: error.pointer.clone(),
                    code: error.code,
                    detail: error.detail.get(language).to_owned(),
                })
                .collect(),
        }
    }
}

/// RFC 9457 problem details.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemView {
    #[serde(rename = "type")]
    pub type_: String,
    pub title: String,
    pub status: u16,
    /// What is wrong and what to do next.
    pub detail: String,
    /// Stable, machine-readable.
    pub code: &'static str,
    /// The legal article behind it, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub article: Option<&'static str>,
    /// Quote it when asking for help.
    pub request_id: String,
    /// Everything wrong with the input, at once.
    pub errors: Vec<FieldErrorView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FieldErrorView {
    /// JSON pointer (RFC 6901) to what is wrong.
    pub pointer: String,
    pub code: &'static str,
    pub detail: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code.as_str())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    /// Only a carrier: the envelope writes the body.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.code.status());
        for (name, value) in &self.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(name.clone(), value);
            }
        }
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal.code {
            RefusalCode::WrongState => Code::WrongState,
            RefusalCode::ValidationFailed => Code::ValidationFailed,
            RefusalCode::NotEligible => Code::NotEligible,
            RefusalCode::GuideClosed => Code::GuideClosed,
            RefusalCode::ChannelNotOffered => Code::ChannelNotOffered,
            RefusalCode::InsufficientIdentity => Code::StepUp,
            RefusalCode::Forbidden => Code::Forbidden,
            RefusalCode::SamePerson => Code::SamePerson,
            RefusalCode::WrongStep => Code::WrongStep,
            RefusalCode::UnsupportedMaterial => Code::UnsupportedMaterial,
            RefusalCode::UnusableCertificate => Code::UnusableCertificate,
            RefusalCode::NotConfirmed => Code::NotConfirmed,
            RefusalCode::InvalidCode => Code::InvalidCode,
            RefusalCode::WeakPassword => Code::WeakPassword,
            RefusalCode::PasswordExpired => Code::PasswordExpired,
            RefusalCode::AlreadyExists => Code::Conflict,
            RefusalCode::Held => Code::Held,
            RefusalCode::TooManyAttempts => Code::TooManyRequests,
        };
        Problem {
            code,
            detail: Some(refusal.detail),
            errors: refusal.errors,
            article: refusal.article,
            headers: Vec::new(),
        }
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Refused(refusal) => refusal.into(),
            AppError::Invalid(errors) => Problem::new(Code::ValidationFailed).errors(errors),
            AppError::NotFound => Problem::new(Code::NotFound),
            AppError::Forbidden => Problem::new(Code::Forbidden),
            AppError::Unauthenticated => {
                Problem::new(Code::Unauthenticated).header(WWW_AUTHENTICATE, "Bearer")
            }
            AppError::UnfitProof(why) => {
                let algorithms = Algorithm::names();
                let challenge = format!(
                    "DPoP error=\"invalid_dpop_proof\", error_description=\"{why}\", algs=\"{algorithms}\""
                );
                Problem::new(Code::UnfitProof).header(WWW_AUTHENTICATE, challenge)
            }
            AppError::Stale => Problem::new(Code::Stale),
            AppError::KeyReused => Problem::new(Code::KeyReused),
            AppError::StepUp { refusal, acr_values } => {
                let challenge =
                    format!("Bearer error=\"insufficient_user_authentication\", acr_values=\"{acr_values}\"");
                Problem::from(*refusal).header(WWW_AUTHENTICATE, challenge)
            }
            AppError::SignInAgain { max_age_seconds } => {
                let challenge = format!(
                    "Bearer error=\"insufficient_user_authentication\", max_age=\"{max_age_seconds}\""
                );
                Problem::new(Code::StepUp).header(WWW_AUTHENTICATE, challenge).detail(
                    "请按 WWW-Authenticate 中的 max_age 重新登录后再试。",
                    "Sign in again with the `max_age` named in WWW-Authenticate, then try again.",
                )
            }
            AppError::WrongOffset { received_bytes } => {
                Problem::new(Code::WrongOffset).header(UPLOAD_OFFSET, received_bytes.to_string())
            }
            AppError::TooMany { retry_after_seconds } => {
                Problem::new(Code::TooManyRequests).header(RETRY_AFTER, retry_after_seconds.to_string())
            }
            AppError::Unavailable(why) => {
                tracing::warn!(why, "answered 503");
                Problem::new(Code::Unavailable).header(RETRY_AFTER, "1")
            }
            AppError::Away { words, why } => {
                tracing::warn!(why, "answered 503");
                Problem::new(Code::Unavailable).header(RETRY_AFTER, "30").detail(words.zh, words.en)
            }
            AppError::Internal(why) => {
                tracing::error!(why, "answered 500");
                Problem::new(Code::Internal)
            }
        }
    }
}
