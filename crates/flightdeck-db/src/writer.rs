//! The one thread that writes. Changes queue up; as many as there are go to disk in one transaction, and each is
//! answered after the commit. Knows nothing of what the changes are.
//!
//! A change that fails takes its group's transaction with it, and all changes of the group are made again, each in
//! a transaction of its own: so only the one that fails is answered with its failure. A change therefore has to be
//! something that can be begun anew. One that is refused by a rule must have looked before it wrote: a refusal is
//! an answer like any other, and its transaction is committed.

use crate::DbError;
use crate::connection::{AnyConnection, Opener};
use crate::transaction::WriteTransaction;
use diesel::connection::SimpleConnection;
use futures_channel::oneshot;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread::JoinHandle;

/// Changes of one transaction at most: the first of them waits for the last.
const MOST_IN_GROUP: usize = 512;

/// A change on its way to disk.
pub(crate) trait Change: Send {
    /// Makes the change within a transaction; called again when the transaction fails.
    fn make(&mut self, transaction: &mut WriteTransaction<'_>) -> Result<(), DbError>;
    /// Tells the caller, when what was made last is on disk.
    fn answer(self: Box<Self>);
    /// Tells the caller that nothing was made.
    fn fail(self: Box<Self>, error: DbError);
}

/// What the thread is asked for.
enum Order {
    /// A change among others.
    Change(Box<dyn Change>),
    /// A large change, which others need not wait for longer than needed: it gets a transaction of its own.
    Alone(Box<dyn Change>),
    /// Statements outside of any transaction.
    Outside(Box<Statements>),
}

impl Order {
    /// Tells the caller that nothing was made.
    fn fail(self, error: DbError) {
        match self {
            Self::Change(change) | Self::Alone(change) => change.fail(error),
            Self::Outside(statements) => statements(Err(error)),
        }
    }
}

/// How much a change writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeSize {
    /// A few rows: it shares a transaction with what else waits.
    Small,
    /// Perhaps very many: those that wait are not to fail with it, nor its rows to be written twice for their sake.
    Large,
}

/// Statements on the connection, or on none if it cannot be opened.
type Statements = dyn FnOnce(Result<&mut AnyConnection, DbError>) + Send;

/// The way to the thread. It ends, and its connection is closed, when this is dropped and the queue is empty.
pub(crate) struct Writer {
    orders: Option<SyncSender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread on a connection that the opener made.
    pub(crate) fn start(
        connection: AnyConnection,
        opener: Opener,
        queue_length: usize,
    ) -> std::io::Result<Self> {
        let (orders, queue) = sync_channel(queue_length);
        let mut work = Work { connection: Some(connection), opener };
        let thread =
            std::thread::Builder::new().name("flightdeck-db".to_owned()).spawn(move || work.serve(&queue))?;
        Ok(Self { orders: Some(orders), thread: Some(thread) })
    }

    /// Queues a change, unless the queue is full. The receiver is told when it is on disk. `size` says whether others
    /// may share its transaction.
    pub(crate) fn submit<T: Send + 'static>(
        &self,
        size: ChangeSize,
        make: impl FnMut(&mut WriteTransaction<'_>) -> Result<T, DbError> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, DbError>> {
        let (reply, receiver) = oneshot::channel();
        let change = Box::new(Submitted {
            make,
            made: None,
            // A caller that is gone need not be told.
            reply: move |result| drop(reply.send(result)),
        });
        self.queue(match size {
            ChangeSize::Small => Order::Change(change),
            ChangeSize::Large => Order::Alone(change),
        });
        receiver
    }

    fn queue(&self, order: Order) {
        let Some(orders) = &self.orders else { return order.fail(DbError::WriterLost) };
        match orders.try_send(order) {
            Ok(()) => {}
            Err(TrySendError::Full(order)) => order.fail(DbError::QueueFull),
            Err(TrySendError::Disconnected(order)) => order.fail(DbError::WriterLost),
        }
    }

    /// Makes a large change and waits until it is on disk; also waits for a place in the queue.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        make: impl FnMut(&mut WriteTransaction<'_>) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let (reply, receiver) = sync_channel(1);
        let change = Submitted { make, made: None, reply: move |result| drop(reply.send(result)) };
        self.send(Order::Alone(Box::new(change)))?;
        receiver.recv().unwrap_or(Err(DbError::WriterLost))
    }

    /// Runs statements outside of any transaction and waits for them.
    pub(crate) fn outside<T: Send + 'static>(
        &self,
        statements: impl FnOnce(&mut AnyConnection) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let (reply, receiver) = sync_channel(1);
        self.send(Order::Outside(Box::new(move |connection| {
            drop(reply.send(connection.and_then(statements)));
        })))?;
        receiver.recv().unwrap_or(Err(DbError::WriterLost))
    }

    fn send(&self, order: Order) -> Result<(), DbError> {
        let orders = self.orders.as_ref().ok_or(DbError::WriterLost)?;
        orders.send(order).map_err(|_lost| DbError::WriterLost)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes to the database panicked");
        }
    }
}

/// A change, what it gave, and whom to tell.
struct Submitted<T, M, R> {
    make: M,
    made: Option<T>,
    reply: R,
}

impl<T, M, R> Change for Submitted<T, M, R>
where
    T: Send,
    M: FnMut(&mut WriteTransaction<'_>) -> Result<T, DbError> + Send,
    R: FnOnce(Result<T, DbError>) + Send,
{
    fn make(&mut self, transaction: &mut WriteTransaction<'_>) -> Result<(), DbError> {
        self.made = Some((self.make)(transaction)?);
        Ok(())
    }

    fn answer(self: Box<Self>) {
        (self.reply)(self.made.ok_or(DbError::WriterLost));
    }

    fn fail(self: Box<Self>, error: DbError) {
        (self.reply)(Err(error));
    }
}

/// What the thread has.
struct Work {
    /// None after a failure that the connection did not survive.
    connection: Option<AnyConnection>,
    opener: Opener,
}

impl Work {
    fn serve(&mut self, queue: &Receiver<Order>) {
        let mut next = None;
        while let Some(order) = next.take().or_else(|| queue.recv().ok()) {
            match order {
                Order::Change(first) => {
                    let mut group = vec![first];
                    next = gather(queue, &mut group);
                    self.commit_group(group);
                }
                Order::Alone(change) => self.commit_group(vec![change]),
                Order::Outside(statements) => match self.connection() {
                    Ok(connection) => statements(Ok(connection)),
                    Err(error) => statements(Err(error)),
                },
            }
        }
    }

    fn commit_group(&mut self, mut group: Vec<Box<dyn Change>>) {
        let Err(error) = self.commit(&mut group) else {
            for change in group {
                change.answer();
            }
            return;
        };
        if group.len() > 1 && !error.concerns_the_database() {
            // One of them failed: which one, and whether another one does, is seen when each is made alone.
            for change in group {
                self.commit_group(vec![change]);
            }
            return;
        }
        let shared = Arc::new(error);
        for change in group {
            change.fail(DbError::Shared(Arc::clone(&shared)));
        }
    }

    /// Makes the changes in one transaction. When this fails, none of them is made.
    fn commit(&mut self, group: &mut [Box<dyn Change>]) -> Result<(), DbError> {
        let connection = self.begin()?;
        let made = catch_unwind(AssertUnwindSafe(|| commit_on(connection, group)));
        let result = made.unwrap_or_else(|panic| Err(DbError::ChangePanicked(panic_text(panic.as_ref()))));
        if result.is_err() && !roll_back(connection) {
            self.connection = None;
        }
        result
    }

    /// Begins a transaction, on a new connection where a server has hung up since the last one.
    fn begin(&mut self) -> Result<&mut AnyConnection, DbError> {
        let was_open = self.connection.is_some();
        let connection = self.connection()?;
        if let Err(error) = begin_on(connection) {
            if roll_back(connection) {
                return Err(error);
            }
            self.connection = None;
            if !was_open {
                return Err(error);
            }
            begin_on(self.connection()?)?;
        }
        self.connection()
    }

    fn connection(&mut self) -> Result<&mut AnyConnection, DbError> {
        match &mut self.connection {
            Some(connection) => Ok(connection),
            none => {
                let opened = self.opener.writer().map_err(|source| DbError::Reopen { source })?;
                tracing::info!(database = %self.opener.location(), "opened the database anew");
                Ok(none.insert(opened))
            }
        }
    }
}

/// Takes from the queue what is there; returns an order that is no change among others.
fn gather(queue: &Receiver<Order>, group: &mut Vec<Box<dyn Change>>) -> Option<Order> {
    while group.len() < MOST_IN_GROUP {
        match queue.try_recv() {
            Ok(Order::Change(change)) => group.push(change),
            Ok(other) => return Some(other),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
        }
    }
    None
}

fn begin_on(connection: &mut AnyConnection) -> Result<(), DbError> {
    let begin = match connection {
        // With the lock taken at the start, the transaction never has to be run again.
        AnyConnection::Sqlite(_) => "BEGIN IMMEDIATE",
        // Whoever waited for the lock must see what was written meanwhile.
        AnyConnection::Postgres(_) => "BEGIN ISOLATION LEVEL READ COMMITTED",
    };
    Ok(connection.batch_execute(begin)?)
}

fn commit_on(connection: &mut AnyConnection, group: &mut [Box<dyn Change>]) -> Result<(), DbError> {
    let mut transaction = WriteTransaction::begin(connection)?;
    for change in group {
        change.make(&mut transaction)?;
    }
    transaction.end()?;
    connection.batch_execute("COMMIT")?;
    Ok(())
}

/// Takes back what a failed transaction did; `false` when the connection cannot be used any more.
fn roll_back(connection: &mut AnyConnection) -> bool {
    match connection.batch_execute("ROLLBACK") {
        Ok(()) => true,
        // SQLite has rolled back already after some errors, and never began after others.
        Err(error) => error.to_string().contains("no transaction is active"),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no text".to_owned())
}
