//! How a client proves itself, at every endpoint in the same way: by nothing, a
//! secret, or a statement it signed; and beside that, perhaps, that a key of its
//! own is at hand.

use std::sync::Arc;

use super::TokenResult;
use crate::app::ctx::Ctx;
use crate::app::identity::possession::{self, REPLAYED, Unproven};
use crate::app::identity::signatures::verify;
use crate::domain::identity::client_assertion::ClientAssertion;
use crate::domain::identity::{
    Authentication, Client, ClientProof, OAuthCode, OAuthError, PresentedClient, Thumbprint, same_bytes,
};

/// Who asks for tokens.
#[derive(Debug, Clone)]
pub struct Asker {
    pub client: Arc<Client>,
    /// The key it proved to have; what it gets is bound to that.
    pub key: Option<Thumbprint>,
}

const UNPROVEN: OAuthError = OAuthError::new(
    OAuthCode::InvalidClient,
    "the client is unknown, or what it proves itself with is wrong, expired or used",
);

/// The client that proved to be itself. What a client is not registered for is
/// no proof: a public client that sends a secret is refused.
pub async fn authenticate_client(ctx: &Ctx, presented: &PresentedClient) -> TokenResult<Arc<Client>> {
    let client = ctx.identity.client(&presented.id).ok_or(UNPROVEN)?;
    let proven = match (&client.authentication, &presented.proof) {
        (Authentication::Public, ClientProof::Nothing) => true,
        (Authentication::Secret(expected), ClientProof::Secret(secret)) => {
            same_bytes(expected, &secret.digest())
        }
        (Authentication::PrivateKeyJwt(keys), ClientProof::Assertion(text)) => {
            let issuer = ctx.identity.issuer();
            let audiences = [issuer.to_owned(), format!("{issuer}/oauth2/token")];
            let checked = ClientAssertion::read(text.expose())
                .map(|assertion| assertion.check(&client.id, keys, &audiences, ctx.clock.now(), &verify));
            match checked {
                Some(Ok(used)) => possession::use_up(ctx, used).await?,
                Some(Err(problem)) => {
                    tracing::info!(client = %client.id, ?problem, "client assertion refused");
                    false
                }
                None => false,
            }
        }
        (Authentication::Public, ClientProof::Secret(_) | ClientProof::Assertion(_))
        | (Authentication::Secret(_), ClientProof::Nothing | ClientProof::Assertion(_))
        | (Authentication::PrivateKeyJwt(_), ClientProof::Nothing | ClientProof::Secret(_)) => false,
    };
    if proven { Ok(client) } else { Err(UNPROVEN.into()) }
}

/// The client that proved to be itself, and the key of the DPoP proof it sent to
/// this path, if it sent one.
pub async fn prove(
    ctx: &Ctx,
    presented: &PresentedClient,
    proof: Option<&str>,
    path: &str,
) -> TokenResult<Asker> {
    let client = authenticate_client(ctx, presented).await?;
    let Some(proof) = proof else { return Ok(Asker { client, key: None }) };
    let refused = |description| OAuthError::new(OAuthCode::InvalidDpopProof, description);
    match possession::key_of(ctx, proof, "POST", path, None).await {
        Ok(key) => Ok(Asker { client, key: Some(key) }),
        Err(Unproven::Problem(problem)) => Err(refused(problem.as_str()).into()),
        Err(Unproven::Replayed) => Err(refused(REPLAYED).into()),
        Err(Unproven::App(error)) => Err(error.into()),
    }
}
