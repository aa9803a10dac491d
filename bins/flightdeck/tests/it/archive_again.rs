//! Jobs that could not be archived, and the administrator who has them tried again.

use crate::site::{Site, get, stderr};
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use flightdeck_model::Role;

#[test]
fn jobs_that_were_given_up_are_queued_again_from_the_command_line() {
    let site = Site::with_jobs(3);
    site.run(&["import"]).success();
    assert_eq!(site.output(&["archive", "again"]), "0\n", "all are archived");
    let mut database = SqliteConnection::establish(site.path("var/job.db").to_str().unwrap()).unwrap();
    database.batch_execute("UPDATE job SET monitoring_status = 2").unwrap();
    assert_eq!(site.output(&["archive", "again", "--job", "2"]), "1\n");
    let unknown = site.run(&["archive", "again", "--job", "999"]).failure();
    assert!(stderr(&unknown).contains("999"), "{}", stderr(&unknown));
    assert_eq!(site.output(&["archive", "again"]), "2\n");
    assert_eq!(site.output(&["archive", "again"]), "0\n");
    let server = site.serve();
    let path = "/api/audit/?action=archive_again";
    let audit = get(server.address(), path, &server.token_for(Role::Admin).unwrap()).json();
    assert_eq!((&audit["total"], &audit["entries"][0]["user"]), (&5.into(), &"cli".into()), "{audit}");
}
