//! Stores samples that a client sent.

use crate::permission::require_writer;
use crate::{ServiceError, Services};
use flightdeck_model::{PortError, PortFuture, Principal, TimePrecision, WriteContext, WriteReport};

impl Services {
    /// Stores a body in line protocol. It is read on the calling thread; the answer comes when the samples are on
    /// disk, and is waited for without holding a thread. `default_cluster` is the cluster of lines that name none;
    /// `precision` the unit of the times, which is told from their size when it is `None`. Lines without a time get the
    /// time of the call.
    ///
    /// The answer's error: kind Unavailable when the disk does not keep up, `NoSpace` when it is full; nothing of the
    /// body counts as stored then. Lines that are not well formed are no error, but told in the report.
    ///
    /// # Errors
    ///
    /// Forbidden for whoever may not store samples, Unavailable when this server keeps none. Nothing was read then.
    pub fn write_samples(
        &self,
        principal: &Principal,
        body: &[u8],
        default_cluster: Option<&str>,
        precision: Option<TimePrecision>,
    ) -> Result<PortFuture<Result<WriteReport, PortError>>, ServiceError> {
        require_writer(principal)?;
        let store = self.metrics.own_store()?;
        let context = WriteContext {
            default_cluster: default_cluster.filter(|cluster| !cluster.is_empty()).map(str::to_owned),
            precision,
            received: self.clock.now(),
        };
        Ok(store.write(body, &context))
    }
}
