//! What the portal asks of the world outside its process. Each port has its real
//! protocol in `gateways`; a stand-in is for tests and the demo, and says so in
//! its name.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::domain::codes::{Mobile, ResidentId, Uscc};
use crate::domain::registries::{Entity, PersonName, Resident};
use crate::domain::text::Text;

/// A future a port returns.
pub type PortFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, PortError>> + Send + 'a>>;

/// The other side did not do it.
#[derive(Debug, Clone)]
pub enum PortError {
    /// Try again later: it is away, slow or overloaded.
    Unavailable(String),
    /// It said no, and will say so again.
    Rejected(String),
}

impl std::fmt::Display for PortError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PortError::Unavailable(why) => write!(f, "unavailable: {why}"),
            PortError::Rejected(why) => write!(f, "rejected: {why}"),
        }
    }
}

impl std::error::Error for PortError {}

/// 短信网关
pub trait Sms: Send + Sync {
    /// Sends one message. Returning means that the gateway took it over.
    fn send<'a>(&'a self, to: &'a Mobile, text: &'a Text) -> PortFuture<'a, ()>;
}

/// 后台退出通知: the servers of clients.
pub trait SignOuts: Send + Sync {
    /// Tells a client at its registered address that a session has ended. Returning
    /// means that it knows.
    fn tell<'a>(&'a self, uri: &'a str, logout_token: &'a str) -> PortFuture<'a, ()>;
}

/// Where uploaded files lie in folders: one for each case, application and upload
/// under way.
pub trait Blobs: Send + Sync {
    /// Stores bytes; what lay there before is replaced in one moment.
    fn put<'a>(&'a self, folder: uuid::Uuid, name: &'a str, bytes: bytes::Bytes) -> PortFuture<'a, ()>;
    /// `None` when nothing lies there.
    fn get<'a>(&'a self, folder: uuid::Uuid, name: &'a str) -> PortFuture<'a, Option<bytes::Bytes>>;
    /// Deletes a folder with everything in it; none is as good.
    fn drop_folder<'a>(&'a self, folder: uuid::Uuid) -> PortFuture<'a, ()>;
}

/// 人口库
pub trait PopulationRegistry: Send + Sync {
    /// The resident with this name and this number; `None` when the registry does
    /// not know the two together, for whatever reason.
    fn find<'a>(&'a self, name: &'a PersonName, number: &'a ResidentId) -> PortFuture<'a, Option<Resident>>;
}

/// 市场主体登记库
pub trait BusinessRegistry: Send + Sync {
    /// The organisation with this code; `None` when there is none.
    fn find<'a>(&'a self, uscc: &'a Uscc) -> PortFuture<'a, Option<Entity>>;
}

/// The registries of the state this portal may ask; one that is not connected is none.
#[derive(Clone, Default)]
pub struct Registries {
    pub population: Option<Arc<dyn PopulationRegistry>>,
    pub business: Option<Arc<dyn BusinessRegistry>>,
}
