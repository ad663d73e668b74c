-- Farshore's accounts on a MariaDB server, one for each service, with exactly what each needs.
-- docs/operating/grants.md explains every line. Put a password of your own in each place, and narrow '%' to your network.
-- Run the two statements with `<schema>` once for each schema of your applications. In a schema's name write \_ for _,
-- which else stands for any character.

-- capture: reads the binlog, its list and end (BINLOG MONITOR), and the columns and foreign keys of captured tables.
CREATE USER IF NOT EXISTS 'farshore_capture'@'%' IDENTIFIED BY '<capture password>';
GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO 'farshore_capture'@'%';
GRANT SELECT ON *.* TO 'farshore_capture'@'%';

-- apply: writes rows and its progress, looks for triggers, and reads its own marker back from this server's binlog.
-- REFERENCES on *.* shows it the foreign keys of all tables, and nothing of their rows.
CREATE USER IF NOT EXISTS 'farshore_apply'@'%' IDENTIFIED BY '<apply password>';
GRANT BINLOG MONITOR, REFERENCES ON *.* TO 'farshore_apply'@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON `farshore`.* TO 'farshore_apply'@'%';
GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER ON `<schema>`.* TO 'farshore_apply'@'%';

-- gate: reads what has been applied here, nothing else.
CREATE USER IF NOT EXISTS 'farshore_gate'@'%' IDENTIFIED BY '<gate password>';
GRANT SELECT ON `farshore`.* TO 'farshore_gate'@'%';

-- farshorectl: creates the farshore schema (init), reads schemas, triggers and settings (preflight), works on parked and
-- conflict rows. Both servers show triggers only to accounts that may make them.
CREATE USER IF NOT EXISTS 'farshore_ctl'@'%' IDENTIFIED BY '<ctl password>';
GRANT BINLOG MONITOR ON *.* TO 'farshore_ctl'@'%';
GRANT CREATE, SELECT, INSERT, UPDATE, DELETE ON `farshore`.* TO 'farshore_ctl'@'%';
GRANT SELECT, TRIGGER ON `<schema>`.* TO 'farshore_ctl'@'%';
