-- The tables of the tests' workload (tests/lib/workload.py). Every key here is compared by bytes.
CREATE DATABASE IF NOT EXISTS shop CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS shop.account (
  id      BIGINT        NOT NULL PRIMARY KEY,
  owner   VARCHAR(32)   NOT NULL,
  balance DECIMAL(12,2) NOT NULL,
  note    VARCHAR(100)      NULL,
  version BIGINT        NOT NULL
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS shop.orders (
  region    VARCHAR(16) NOT NULL,
  id        BIGINT      NOT NULL,
  status    ENUM('new','paid','shipped') NOT NULL,
  placed_at DATETIME(3) NOT NULL,
  version   BIGINT      NOT NULL,
  PRIMARY KEY (region, id)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS shop.order_line (
  order_id BIGINT       NOT NULL,
  line     INT          NOT NULL,
  sku      VARCHAR(40)  NOT NULL,
  quantity INT UNSIGNED NOT NULL,
  version  BIGINT       NOT NULL,
  PRIMARY KEY (order_id, line)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS shop.label (
  code    VARCHAR(48) NOT NULL PRIMARY KEY,
  target  BIGINT      NOT NULL,
  version BIGINT      NOT NULL
) ENGINE=InnoDB;

-- One row a beat: what tests/lib/probe.py compares safe times with.
CREATE TABLE IF NOT EXISTS shop.beat (
  region VARCHAR(16) NOT NULL,
  id     BIGINT      NOT NULL,
  PRIMARY KEY (region, id)
) ENGINE=InnoDB;
