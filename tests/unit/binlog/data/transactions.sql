-- Shapes of transactions, keys and columns.
CREATE DATABASE golden;
USE golden;
SET time_zone='+00:00', sql_mode='NO_ENGINE_SUBSTITUTION';
SET NAMES utf8mb4;
CREATE TABLE composite (b INT, a VARCHAR(20) CHARACTER SET utf8mb4, c INT NOT NULL, PRIMARY KEY (a, b)) DEFAULT
  CHARSET utf8mb4;
INSERT INTO composite VALUES (1,'x',1),(2,'y',2),(3,'z',3);
UPDATE composite SET c = c + 10 WHERE b < 3;
UPDATE composite SET a = 'w' WHERE b = 3;
DELETE FROM composite WHERE b = 1;
CREATE TABLE prefixed (name VARCHAR(100) CHARACTER SET utf8mb4 NOT NULL, v INT, PRIMARY KEY (name(10)));
INSERT INTO prefixed VALUES ('abcdefghijklm', 1);
CREATE TABLE keyless (v INT);
INSERT INTO keyless VALUES (1);
CREATE TABLE generated_columns (id INT PRIMARY KEY, a INT, v INT AS (a * 2) VIRTUAL, s INT AS (a * 3) STORED);
INSERT INTO generated_columns (id, a) VALUES (1, 10), (2, NULL);
UPDATE generated_columns SET a = 11 WHERE id = 1;
START TRANSACTION;
INSERT INTO keyless VALUES (2);
SAVEPOINT one;
INSERT INTO keyless VALUES (3);
ROLLBACK TO one;
INSERT INTO keyless VALUES (4);
COMMIT;
CREATE TABLE copy_of_keyless AS SELECT * FROM keyless;
CREATE TABLE alone (v INT) ENGINE=MyISAM;
INSERT INTO alone VALUES (1), (2);
DROP TABLE alone, prefixed;
