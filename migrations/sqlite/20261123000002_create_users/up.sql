CREATE TABLE hpc_user (
    username TEXT PRIMARY KEY NOT NULL CHECK (username <> ''),
    password TEXT,
    ldap     SMALLINT NOT NULL DEFAULT 0, -- where the account comes from: 0 local, 1 LDAP, 2 token, 3 OpenID Connect
    name     TEXT,
    roles    TEXT NOT NULL DEFAULT '[]',
    email    TEXT,
    projects TEXT NOT NULL DEFAULT '[]'
) WITHOUT ROWID;
