//! Runs of periodic tasks in the database: the last one of each. Knows nothing of what the tasks do.

use crate::Database;
use crate::schema::task_run;
use diesel::prelude::*;
use flightdeck_model::{PortError, PortFuture, TaskLog, TaskRun, UnixTime};

type RunRow = (String, i64, i64, String, Option<String>);

fn run_of((name, started, duration_ms, result, error): RunRow) -> TaskRun {
    TaskRun { name, started: UnixTime(started), duration_ms, result, error }
}

impl TaskLog for Database {
    fn record_run(&self, run: TaskRun) -> PortFuture<Result<(), PortError>> {
        self.submit(move |transaction| {
            let columns = (
                task_run::started.eq(run.started.0),
                task_run::duration_ms.eq(run.duration_ms),
                task_run::result.eq(&run.result),
                task_run::error.eq(&run.error),
            );
            let of_task = task_run::table.filter(task_run::name.eq(&run.name));
            let updated = diesel::update(of_task).set(columns).execute(transaction.connection)?;
            if updated == 0 {
                let row = (task_run::name.eq(&run.name), columns);
                diesel::insert_into(task_run::table).values(row).execute(transaction.connection)?;
            }
            Ok(Ok(()))
        })
    }

    fn last_runs(&self) -> Result<Vec<TaskRun>, PortError> {
        let rows: Vec<RunRow> = self.read(|connection| {
            let by_name = task_run::table.order(task_run::name);
            let columns =
                (task_run::name, task_run::started, task_run::duration_ms, task_run::result, task_run::error);
            Ok(by_name.select(columns).load(connection)?)
        })?;
        Ok(rows.into_iter().map(run_of).collect())
    }
}
