//! The browser behind a request, as far as it can be told before anybody signed in.

use std::net::IpAddr;

use chrono::{DateTime, Utc};

use crate::app::ctx::{Ctx, new_id};
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::identity::{Channel, Client, ClientId, KnownDevice};
use crate::domain::network::Network;

#[derive(Debug, Clone)]
pub struct Visitor {
    pub from: IpAddr,
    /// Browser and system in a few words; see `domain::identity::user_agent`.
    pub user_agent: String,
    pub request_id: String,
    /// The device its cookie names; whose device it is shows only beside an account.
    pub device: Option<KnownDevice>,
    /// The kiosk or counter desktop it stands at, by its client.
    pub place: Option<ClientId>,
}

impl Visitor {
    /// The same, at the client he comes through.
    #[must_use]
    pub fn through(mut self, client: &Client) -> Self {
        self.place = match client.channel {
            Channel::Kiosk | Channel::Counter => Some(client.id.clone()),
            Channel::Web | Channel::MiniProgram | Channel::App | Channel::Hotline | Channel::ThirdParty => {
                None
            }
        };
        self
    }

    /// Keyed index of the network: equal ones can be told, none can be read.
    pub fn network(&self, ctx: &Ctx) -> Vec<u8> {
        ctx.store.vault().blind_index("network", &Network::of(self.from).to_string())
    }

    /// A line of the audit trail for what this browser does.
    pub(super) fn entry(
        &self,
        ctx: &Ctx,
        at: DateTime<Utc>,
        action: AuditAction,
        outcome: Outcome,
    ) -> AuditEntry {
        AuditEntry::new(new_id(at), at, action, outcome)
            .from_network(self.network(ctx))
            .in_request(self.request_id.clone())
    }
}
