-- A state file as the first version of portreeve wrote it.
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE files (
    sync TEXT NOT NULL,
    number INTEGER NOT NULL,
    path TEXT NOT NULL,
    data BLOB,
    mode INTEGER,
    uid INTEGER,
    gid INTEGER,
    PRIMARY KEY (sync, number, path),
    FOREIGN KEY (sync, number) REFERENCES generations ON DELETE CASCADE
) STRICT;
INSERT INTO "files" VALUES('app',0,'/etc/app.conf',NULL,NULL,NULL,NULL);
INSERT INTO "files" VALUES('app',1,'/etc/app.conf',X'6C697374656E2039303030',416,0,0);
INSERT INTO "files" VALUES('app',2,'/etc/app.conf',X'6C697374656E2039343433',416,0,0);
CREATE TABLE folders (
    sync TEXT NOT NULL,
    path TEXT NOT NULL,
    PRIMARY KEY (sync, path)
) STRICT;
INSERT INTO "folders" VALUES('app','/etc/app.d');
CREATE TABLE generations (
    sync TEXT NOT NULL,
    number INTEGER NOT NULL,
    created REAL NOT NULL,
    outcome TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    digest TEXT NOT NULL,
    steps TEXT NOT NULL,
    PRIMARY KEY (sync, number)
) STRICT;
INSERT INTO "generations" VALUES('app',0,1.0,'baseline','','9f797a71651fc6b561f9d2cdeb875407c2615497b78b7a45a578d936a3664d52','{"apply": [{"step": "restart", "unit": "app.service", "timeout": 90.0}], "verify": [], "values": {"port": "1"}}');
INSERT INTO "generations" VALUES('app',1,1.0,'verified','','5974e59875097d6894c7cc17e674416e83ca7015f805c2360da5019750ebfca2','{"apply": [{"step": "restart", "unit": "app.service", "timeout": 90.0}], "verify": [{"step": "listening", "address": "9000", "timeout": 15.0}], "values": {"port": "9000"}}');
INSERT INTO "generations" VALUES('app',2,1.0,'verified','','6922c0de792eadd23c209b078855252234824e2c6a9135dbcaaeb6223bd7e1e3','{"apply": [{"step": "restart", "unit": "app.service", "timeout": 90.0}], "verify": [{"step": "listening", "address": "9443", "timeout": 15.0}], "values": {"port": "9443"}}');
CREATE TABLE syncs (
    name TEXT PRIMARY KEY,
    record TEXT NOT NULL
) STRICT;
INSERT INTO "syncs" VALUES('app','{"good": {"number": 2, "digest": "6922c0de792eadd23c209b078855252234824e2c6a9135dbcaaeb6223bd7e1e3"}, "unfinished": null, "stage": "verified", "rejected": null, "rejection": null, "rejections": 0, "stuck": false, "hold": null, "hands_off": false, "state": "pending", "trouble": null, "since": 0.0, "out_of_step_since": null, "attempts": 0, "next_try": null}');
COMMIT;
