//! A server on a small disk, which a test can fill up.
//!
//! The disk is a `tmpfs` in a mount namespace of the test's own, so that it needs no other place on the machine and goes
//! with the test. Not every machine allows such namespaces: containers often do not.

use crate::listing::wait_until;
use crate::process::address_in;
use crate::site::Site;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A shell in a mount namespace, in the site's folder. It and the server in it end with this.
pub(crate) struct SmallDisk {
    shell: Child,
    /// Closed before the shell is waited for.
    commands: Option<ChildStdin>,
    statuses: BufReader<ChildStdout>,
}

impl SmallDisk {
    /// Puts a folder of the site, with all that is in it, on a disk of this many MiB. None where this is not allowed.
    pub(crate) fn under(site: &Site, folder: &str, size_mib: u32) -> Option<Self> {
        let mount = format!(
            "mv {folder} {folder}.before && mkdir {folder} &&
             mount -t tmpfs -o size={size_mib}m tmpfs {folder} && cp -r {folder}.before/. {folder}"
        );
        // As root, or as somebody who is root in a namespace of users as well.
        for namespaces in [&["--mount"][..], &["--map-root-user", "--mount"]] {
            let mut disk = Self::shell(site, namespaces);
            if disk.run("true") {
                assert!(disk.run(&mount), "{folder} cannot be put on a tmpfs");
                return Some(disk);
            }
        }
        // Not by eprintln!, which the test harness keeps to itself.
        let text = b"mount namespaces are not allowed here: the tests on a full disk are left out\n";
        std::io::stderr().write_all(text).unwrap();
        None
    }

    fn shell(site: &Site, namespaces: &[&str]) -> Self {
        let mut shell = Command::new("unshare")
            .args(namespaces)
            .arg("sh")
            .current_dir(site.path(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let commands = shell.stdin.take();
        let statuses = BufReader::new(shell.stdout.take().unwrap());
        let mut disk = Self { shell, commands, statuses };
        disk.run("trap 'kill -9 $!' EXIT");
        disk
    }

    /// Runs commands; whether the last of them succeeded.
    pub(crate) fn run(&mut self, commands: &str) -> bool {
        let text = format!("{{ {commands}\n}} </dev/null >/dev/null 2>&1\necho $?\n");
        // A shell that could not be started is gone: that reads as a failure below.
        let _ = self.commands.as_mut().unwrap().write_all(text.as_bytes());
        let mut status = String::new();
        self.statuses.read_line(&mut status).unwrap();
        status.trim_end() == "0"
    }

    /// Starts the server in the namespace.
    pub(crate) fn serve(&mut self, site: &Site) -> SocketAddr {
        let program = assert_cmd::cargo::cargo_bin!("flightdeck").display();
        let serve = format!(
            "rm -f server.log; env -i FLIGHTDECK_MAIN__ADDR=127.0.0.1:0 '{program}' --log-json serve 2>server.log &"
        );
        assert!(self.run(&serve));
        let mut address = None;
        wait_until("the server serves", || {
            let log = std::fs::read_to_string(site.path("server.log")).unwrap_or_default();
            address = log.lines().find_map(address_in);
            address.is_some()
        });
        address.unwrap()
    }

    /// Stops the server as service managers do.
    pub(crate) fn stop_server(&mut self) {
        assert!(self.run("kill $! && wait $!"), "the server did not stop well");
    }

    /// Writes a file until there is no room for another byte.
    pub(crate) fn fill(&mut self, folder: &str) {
        assert!(!self.run(&format!("cat /dev/zero >{folder}/filling")), "the disk is never full");
    }

    pub(crate) fn make_room(&mut self, folder: &str) {
        assert!(self.run(&format!("rm {folder}/filling")));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The shell ends with its input, and the server with the shell.
        self.commands = None;
        self.shell.wait().unwrap();
    }
}
