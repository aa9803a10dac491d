//! What is done with one client: the messages of every subject go to those who work on them.

use crate::delivery::Delivery;
use crate::events::Topic;
use crate::settling::Settlements;
use crate::work::{Signal, Work};
use crate::{StreamOptions, plain_source, stream_source};
use async_nats::Client;
use futures_util::StreamExt;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;

/// Where the messages of a subject go.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) subject: String,
    pub(crate) purpose: Purpose,
    /// Holds no more than the sources let under way.
    pub(crate) queue: UnboundedSender<Delivery>,
}

/// What the messages of a subject are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Events(Topic),
    Samples,
}

impl Purpose {
    /// Its name in the names of consumers.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Events(Topic::Jobs) => "jobs",
            Self::Events(Topic::Nodes) => "nodes",
            Self::Samples => "samples",
        }
    }
}

/// Takes messages until the listener is to stop or the client has ended, and all that was received is handed on.
pub(crate) async fn run(
    client: &Client,
    stream: Option<&StreamOptions>,
    routes: &[Route],
    settlements: &Settlements,
    work: &Arc<Work>,
) {
    let (end, over) = Signal::new();
    let mut sources = JoinSet::new();
    for route in routes {
        let (client, route, work, over) = (client.clone(), route.clone(), Arc::clone(work), over.clone());
        match stream.cloned() {
            None => drop(sources.spawn(plain_source::run(client, route, work, over))),
            Some(stream) => {
                drop(sources.spawn(stream_source::run(
                    client,
                    stream,
                    route,
                    settlements.clone(),
                    work,
                    over,
                )));
            }
        }
    }
    tokio::select! {
        () = work.stopping.come() => {}
        () = ended(client), if stream.is_some() => {}
        // One that takes messages as they pass by ends early only with its client.
        Some(_) = sources.join_next(), if stream.is_none() => {}
    }
    end.send_replace(true);
    sources.join_all().await;
}

/// Waits until the client has given up, which ends all its subscriptions. Those of streams begin anew by themselves.
async fn ended(client: &Client) {
    if let Ok(mut sentinel) = client.subscribe(client.new_inbox()).await {
        while sentinel.next().await.is_some() {}
    }
}
