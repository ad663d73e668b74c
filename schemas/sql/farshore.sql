-- The farshore schema of a region's database. Created by `farshorectl init`; runs on MySQL and MariaDB.
-- Nothing in it is captured. Strings are compared by bytes.
CREATE DATABASE IF NOT EXISTS farshore CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- How far this region has applied each partition. Written first in every transaction of apply: this write is the marker.
CREATE TABLE IF NOT EXISTS farshore.progress (
  region          VARCHAR(64)      NOT NULL COMMENT 'the applying region',
  origin          VARCHAR(64)      NOT NULL,
  stream          VARCHAR(64)      NOT NULL,
  part            INT              NOT NULL COMMENT '-1: the self-test row of apply',
  epoch           INT UNSIGNED     NOT NULL,
  incarnation     BIGINT UNSIGNED  NOT NULL,
  seq             BIGINT UNSIGNED  NOT NULL COMMENT 'the last change applied',
  origin_position MEDIUMTEXT       NOT NULL COMMENT 'transactions of the origin wholly contained',
  row_gtid        VARCHAR(128)     NOT NULL DEFAULT '' COMMENT 'the transaction that may be contained in part',
  row_ordinal     BIGINT           NOT NULL DEFAULT -1 COMMENT 'its last change contained; -1: none',
  safe_time       BIGINT           NOT NULL DEFAULT 0 COMMENT 'microseconds since 1970 UTC by the origin clock; 0: none yet',
  commit_time     BIGINT           NOT NULL DEFAULT 0 COMMENT 'commit time of the last change applied, microseconds',
  writes          BIGINT UNSIGNED  NOT NULL DEFAULT 0 COMMENT 'grows with every write, so that the write always shows in the binlog',
  state           VARCHAR(32)      NOT NULL COMMENT 'applying, at-barrier, hole, waiting-for-schema, ...',
  reason          TEXT             NOT NULL COMMENT 'for people; empty while applying',
  owner           VARCHAR(128)     NOT NULL DEFAULT '' COMMENT 'the apply process that holds the partition',
  updated_at      TIMESTAMP(6)     NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  PRIMARY KEY (region, origin, stream, part)
) ENGINE=InnoDB;

-- Where a channel's topic is to be read from. Only a hint: seq decides.
CREATE TABLE IF NOT EXISTS farshore.channel_offset (
  region       VARCHAR(64)  NOT NULL,
  channel      VARCHAR(32)  NOT NULL,
  origin       VARCHAR(64)  NOT NULL,
  stream       VARCHAR(64)  NOT NULL,
  part         INT          NOT NULL,
  topic_id     VARCHAR(64)  NOT NULL COMMENT 'Kafka''s id of the topic: another id is another topic',
  kafka_offset BIGINT       NOT NULL COMMENT 'the next offset to read',
  PRIMARY KEY (region, channel, origin, stream, part)
) ENGINE=InnoDB;

-- Changes that cannot be applied yet. A later change of the same key replaces the row.
CREATE TABLE IF NOT EXISTS farshore.parked (
  region       VARCHAR(64)     NOT NULL,
  origin       VARCHAR(64)     NOT NULL,
  stream       VARCHAR(64)     NOT NULL,
  part         INT             NOT NULL,
  schema_name  VARCHAR(64)     NOT NULL,
  table_name   VARCHAR(64)     NOT NULL,
  key_hash     BINARY(16)      NOT NULL COMMENT 'XXH3-128 of the encoded key of the source',
  key_text     TEXT            NOT NULL COMMENT 'for people',
  epoch        INT UNSIGNED    NOT NULL,
  incarnation  BIGINT UNSIGNED NOT NULL,
  seq          BIGINT UNSIGNED NOT NULL,
  gtid         VARCHAR(128)    NOT NULL,
  change_bytes LONGBLOB        NOT NULL COMMENT 'a ChangeBatch with this one change',
  error_code   INT             NOT NULL,
  reason       TEXT            NOT NULL,
  attempts     INT UNSIGNED    NOT NULL DEFAULT 0,
  first_at     TIMESTAMP(6)    NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  last_at      TIMESTAMP(6)    NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (region, origin, stream, part, schema_name, table_name, key_hash)
) ENGINE=InnoDB;

-- Of each key that is parked, or in conflict after it was, the first change that was held back: until one of the key is
-- written, the row here should be as it was before that one. Newer changes of the key do not replace it.
CREATE TABLE IF NOT EXISTS farshore.parked_first (
  region       VARCHAR(64)     NOT NULL,
  origin       VARCHAR(64)     NOT NULL,
  stream       VARCHAR(64)     NOT NULL,
  part         INT             NOT NULL,
  schema_name  VARCHAR(64)     NOT NULL,
  table_name   VARCHAR(64)     NOT NULL,
  key_hash     BINARY(16)      NOT NULL,
  epoch        INT UNSIGNED    NOT NULL,
  incarnation  BIGINT UNSIGNED NOT NULL,
  seq          BIGINT UNSIGNED NOT NULL,
  gtid         VARCHAR(128)    NOT NULL,
  change_bytes LONGBLOB        NOT NULL COMMENT 'a ChangeBatch with this one change',
  reason       TEXT            NOT NULL COMMENT 'the server''s first refusal',
  PRIMARY KEY (region, origin, schema_name, table_name, key_hash)
) ENGINE=InnoDB;

-- How trying a parked change again went. A table of its own: a binlog repeats whole rows, and a change may be large.
CREATE TABLE IF NOT EXISTS farshore.parked_try (
  region       VARCHAR(64)     NOT NULL,
  origin       VARCHAR(64)     NOT NULL,
  stream       VARCHAR(64)     NOT NULL,
  part         INT             NOT NULL,
  schema_name  VARCHAR(64)     NOT NULL,
  table_name   VARCHAR(64)     NOT NULL,
  key_hash     BINARY(16)      NOT NULL,
  attempts     INT UNSIGNED    NOT NULL COMMENT 'noted when they have doubled, or the reason is another',
  error_code   INT             NOT NULL,
  reason       TEXT            NOT NULL,
  last_at      TIMESTAMP(6)    NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (region, origin, stream, part, schema_name, table_name, key_hash)
) ENGINE=InnoDB;

-- Changes that may not be applied by rule, with both images, until someone or a rule resolves them.
CREATE TABLE IF NOT EXISTS farshore.conflict (
  region       VARCHAR(64)     NOT NULL,
  origin       VARCHAR(64)     NOT NULL,
  stream       VARCHAR(64)     NOT NULL,
  part         INT             NOT NULL,
  epoch        INT UNSIGNED    NOT NULL,
  incarnation  BIGINT UNSIGNED NOT NULL,
  seq          BIGINT UNSIGNED NOT NULL,
  schema_name  VARCHAR(64)     NOT NULL,
  table_name   VARCHAR(64)     NOT NULL,
  key_hash     BINARY(16)      NOT NULL,
  key_text     TEXT            NOT NULL,
  gtid         VARCHAR(128)    NOT NULL,
  change_bytes LONGBLOB        NOT NULL COMMENT 'a ChangeBatch with this one change: the origin''s image',
  target_image LONGTEXT            NULL COMMENT 'JSON of the row as it stands here',
  reason       TEXT            NOT NULL,
  found_at     TIMESTAMP(6)    NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (region, origin, stream, part, epoch, incarnation, seq)
) ENGINE=InnoDB;

-- Conflicts that are over, and parked changes that somebody discarded. Apply takes rows away that are older than 30 days.
CREATE TABLE IF NOT EXISTS farshore.conflict_history (
  id           BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  region       VARCHAR(64)     NOT NULL,
  origin       VARCHAR(64)     NOT NULL,
  stream       VARCHAR(64)     NOT NULL,
  part         INT             NOT NULL,
  epoch        INT UNSIGNED    NOT NULL,
  incarnation  BIGINT UNSIGNED NOT NULL,
  seq          BIGINT UNSIGNED NOT NULL,
  schema_name  VARCHAR(64)     NOT NULL,
  table_name   VARCHAR(64)     NOT NULL,
  key_hash     BINARY(16)      NOT NULL,
  key_text     TEXT            NOT NULL,
  gtid         VARCHAR(128)    NOT NULL,
  change_bytes LONGBLOB        NOT NULL,
  target_image LONGTEXT            NULL,
  reason       TEXT            NOT NULL,
  how          VARCHAR(32)     NOT NULL COMMENT 'superseded (by a newer change of the key), keep-target, take-source, discard',
  ended_at     TIMESTAMP(6)    NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  KEY by_time (region, ended_at)
) ENGINE=InnoDB;

-- How many changes found another row here than the origin had, by kind: insert-exists, update-missing, before-differs,
-- delete-missing, already-as-after. Signs of two writers of a row, or of tables that were never equal. Or left another
-- row: generated-other, written-other. Signs of a table that does not go with the origin's. And closing: of all kinds,
-- those that closed the gate by the table's rule of their time, the last of which says how new the table's doubt is.
CREATE TABLE IF NOT EXISTS farshore.mismatch (
  region       VARCHAR(64)     NOT NULL,
  origin       VARCHAR(64)     NOT NULL,
  stream       VARCHAR(64)     NOT NULL,
  part         INT             NOT NULL,
  schema_name  VARCHAR(64)     NOT NULL,
  table_name   VARCHAR(64)     NOT NULL,
  kind         VARCHAR(16)     NOT NULL,
  changes      BIGINT UNSIGNED NOT NULL,
  first_at     TIMESTAMP(6)    NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  last_at      TIMESTAMP(6)    NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (region, origin, stream, part, schema_name, table_name, kind)
) ENGINE=InnoDB;

-- The first of them with both images, at most 20 of a partition's table and kind.
CREATE TABLE IF NOT EXISTS farshore.mismatch_example (
  region       VARCHAR(64)     NOT NULL,
  origin       VARCHAR(64)     NOT NULL,
  stream       VARCHAR(64)     NOT NULL,
  part         INT             NOT NULL,
  epoch        INT UNSIGNED    NOT NULL,
  incarnation  BIGINT UNSIGNED NOT NULL,
  seq          BIGINT UNSIGNED NOT NULL,
  schema_name  VARCHAR(64)     NOT NULL,
  table_name   VARCHAR(64)     NOT NULL,
  kind         VARCHAR(16)     NOT NULL,
  key_hash     BINARY(16)      NOT NULL,
  key_text     TEXT            NOT NULL,
  gtid         VARCHAR(128)    NOT NULL,
  change_bytes LONGBLOB        NOT NULL COMMENT 'a ChangeBatch with this one change: the origin''s images',
  target_image LONGTEXT            NULL COMMENT 'JSON of the row as it stood here before the change; NULL: there was none',
  found_at     TIMESTAMP(6)    NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (region, origin, stream, part, epoch, incarnation, seq),
  KEY by_table (region, origin, stream, part, schema_name, table_name, kind)
) ENGINE=InnoDB;

-- What people asked for with farshorectl, and what became of it. Apply carries out what names a partition, in the
-- partition's own order and under its marker; rows stay for the audit.
CREATE TABLE IF NOT EXISTS farshore.audit (
  id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  region      VARCHAR(64)     NOT NULL,
  at          TIMESTAMP(6)    NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  who         VARCHAR(255)    NOT NULL,
  command     VARCHAR(255)    NOT NULL,
  action      VARCHAR(32)     NOT NULL DEFAULT '' COMMENT 'for apply; empty: only a note',
  dry_run     TINYINT         NOT NULL DEFAULT 0 COMMENT '1: say what would be done',
  origin      VARCHAR(64)     NOT NULL DEFAULT '',
  stream      VARCHAR(64)     NOT NULL DEFAULT '',
  part        INT             NOT NULL DEFAULT -1,
  schema_name VARCHAR(64)     NOT NULL DEFAULT '',
  table_name  VARCHAR(64)     NOT NULL DEFAULT '',
  key_hash    BINARY(16)          NULL,
  epoch       INT UNSIGNED    NOT NULL DEFAULT 0,
  seq         BIGINT UNSIGNED NOT NULL DEFAULT 0,
  expected    LONGTEXT            NULL COMMENT 'what the dry run said; another outcome now: not done',
  done_at     TIMESTAMP(6)        NULL,
  done        TINYINT         NOT NULL DEFAULT 0 COMMENT '1: carried out; 0 with done_at: refused or withdrawn',
  outcome     LONGTEXT            NULL,
  KEY open_ones (region, done_at)
) ENGINE=InnoDB;

-- Which region is home of a scope.
CREATE TABLE IF NOT EXISTS farshore.home (
  scope      VARCHAR(128)    NOT NULL PRIMARY KEY,
  region     VARCHAR(64)     NOT NULL,
  home_epoch BIGINT UNSIGNED NOT NULL,
  updated_at TIMESTAMP(6)    NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)
) ENGINE=InnoDB;

-- Statements of an origin that changed rows without row events (TRUNCATE and its like). Apply stands right before one,
-- with everything until then applied, until an operator says what becomes of it (`farshorectl ddl`).
CREATE TABLE IF NOT EXISTS farshore.statement (
  region         VARCHAR(64)     NOT NULL,
  origin         VARCHAR(64)     NOT NULL,
  epoch          INT UNSIGNED    NOT NULL COMMENT 'begins right behind the statement',
  incarnation    BIGINT UNSIGNED NOT NULL,
  statement_text TEXT            NOT NULL COMMENT 'for people: ASCII, cut',
  table_names    MEDIUMTEXT      NOT NULL COMMENT 'schema.table, ...; empty: any table of the origin',
  gtid           VARCHAR(128)    NOT NULL,
  state          VARCHAR(16)     NOT NULL COMMENT 'waiting, done, skipped',
  decided_by     VARCHAR(128)    NOT NULL DEFAULT '',
  decided_at     TIMESTAMP(6)        NULL,
  first_seen     TIMESTAMP(6)    NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (region, origin, epoch, incarnation)
) ENGINE=InnoDB;

-- What was said of whether this region's tables began equal to an origin's. Rows are only added: the newest of a stream
-- or table counts, and the others are the history. A stream without a row is not yet equal. A row 'begun' says that
-- somebody began to copy or compare: what is said to be equal later covers the doubts before it, not those after it.
CREATE TABLE IF NOT EXISTS farshore.equality (
  id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  region      VARCHAR(64)     NOT NULL,
  origin      VARCHAR(64)     NOT NULL,
  stream      VARCHAR(64)     NOT NULL,
  table_name  VARCHAR(129)    NOT NULL COMMENT 'schema.table; empty: every table of the stream',
  state       VARCHAR(16)     NOT NULL COMMENT 'equal, not-yet-equal, begun',
  epoch       INT UNSIGNED    NOT NULL DEFAULT 0 COMMENT 'said by apply when it entered that epoch; 0: by a person',
  incarnation BIGINT UNSIGNED NOT NULL DEFAULT 0,
  why         TEXT            NOT NULL,
  who         VARCHAR(128)    NOT NULL,
  said_at     TIMESTAMP(6)    NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  KEY (region, origin, stream, table_name)
) ENGINE=InnoDB;

-- What the origin's own region does not know to be equal to another region's, as the newest watermark of each partition says.
CREATE TABLE IF NOT EXISTS farshore.told_doubt (
  region     VARCHAR(64)     NOT NULL,
  origin     VARCHAR(64)     NOT NULL,
  stream     VARCHAR(64)     NOT NULL,
  part       INT             NOT NULL,
  table_name VARCHAR(129)    NOT NULL COMMENT 'schema.table; empty: every table of the stream',
  said_at_us BIGINT          NOT NULL COMMENT 'by the origin''s clock; another one is another doubt',
  heard      BIGINT UNSIGNED NOT NULL COMMENT 'the greatest id in equality when it was first told here: what is said later counts over it',
  PRIMARY KEY (region, origin, stream, part, table_name)
) ENGINE=InnoDB;

-- Columns that an origin has added with one constant for all rows, and that are not here yet: what rows get when such a
-- column is added here is compared with the constant then.
CREATE TABLE IF NOT EXISTS farshore.added_column (
  region        VARCHAR(64)     NOT NULL,
  origin        VARCHAR(64)     NOT NULL,
  stream        VARCHAR(64)     NOT NULL,
  schema_name   VARCHAR(64)     NOT NULL,
  table_name    VARCHAR(64)     NOT NULL,
  column_name   VARCHAR(64)     NOT NULL,
  epoch         INT UNSIGNED    NOT NULL COMMENT 'begins right behind the statement',
  incarnation   BIGINT UNSIGNED NOT NULL,
  kind          VARCHAR(16)     NOT NULL COMMENT 'null, number, text',
  constant      BLOB            NOT NULL COMMENT 'as SQL writes the number; or characters in UTF-8, or bytes',
  type          BLOB            NOT NULL COMMENT 'of the column there, as information_schema writes it; empty: it does not matter',
  first_seen    TIMESTAMP(6)    NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (region, origin, stream, schema_name, table_name, column_name)
) ENGINE=InnoDB;

-- The last comparison of all tables of a stream with the origin's that found them equal (farshorectl compare --record).
CREATE TABLE IF NOT EXISTS farshore.comparison (
  region   VARCHAR(64)  NOT NULL,
  origin   VARCHAR(64)  NOT NULL,
  stream   VARCHAR(64)  NOT NULL,
  began_us BIGINT       NOT NULL COMMENT 'microseconds since 1970 UTC, by this database''s clock, before anything was read',
  why      TEXT         NOT NULL,
  who      VARCHAR(128) NOT NULL,
  ended_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (region, origin, stream)
) ENGINE=InnoDB;
