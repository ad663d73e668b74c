#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/collation.hpp"

namespace farshore {

/// A transaction's identity at its source.
/// Text: "3e11fa47-71ca-11e1-9e33-c80aa9429562:23" (MySQL), "0-1-23" (MariaDB: domain-server-number).
struct Gtid {
  ServerKind kind = ServerKind::kMysql;
  std::array<std::uint8_t, 16> uuid{};  ///< MySQL
  std::uint32_t domain = 0;             ///< MariaDB
  std::uint32_t server_id = 0;          ///< MariaDB
  std::uint64_t number = 0;             ///< from 1; 0: no transaction

  [[nodiscard]] bool empty() const { return number == 0; }
  [[nodiscard]] std::string to_string() const;
  /// Appends the text; does not allocate when `out` has room for 64 more bytes.
  void append_to(std::string& out) const;
  [[nodiscard]] static std::optional<Gtid> parse(std::string_view text);
  friend bool operator==(const Gtid&, const Gtid&) = default;
};

/// A set of transactions of one origin: a MySQL GTID set, or MariaDB's position by domain (which stands for every
/// transaction of the domain up to that number). Text: "uuid:1-5:7,uuid:1" or "0-1-100,1-2-5", the servers' own.
/// The empty set has no kind and takes the kind of what is first added. Not thread safe.
class OriginPosition {
 public:
  OriginPosition() = default;
  /// Whitespace is passed over. Bounded: more than 1,000,000 bytes or 100,000 intervals are refused.
  [[nodiscard]] static std::optional<OriginPosition> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] bool empty() const { return sources_.empty() && domains_.empty(); }
  [[nodiscard]] bool contains(const Gtid& gtid) const;
  [[nodiscard]] bool contains(const OriginPosition& other) const;
  /// Constant time when `gtid` follows what was added last.
  void add(const Gtid& gtid);
  void add(const OriginPosition& other);
  /// The transactions of this position that `other` lacks, as text for people; empty: none.
  [[nodiscard]] std::string missing_from(const OriginPosition& other) const;
  /// Asked for a transaction that the source gave as one that follows this position: it belongs before what was already
  /// read. MySQL: a higher number of its UUID is contained although it is not. MariaDB, whose position cannot tell what
  /// lies before it: the domain's number is not below `gtid`'s (and the position is not `gtid` itself).
  [[nodiscard]] bool is_errant(const Gtid& gtid) const;
  /// What both positions contain.
  [[nodiscard]] static OriginPosition intersection(const OriginPosition& a, const OriginPosition& b);

  /// An inclusive range of transaction numbers.
  struct Interval {
    std::uint64_t first;
    std::uint64_t last;
    friend bool operator==(const Interval&, const Interval&) = default;
  };
  struct Source {
    std::array<std::uint8_t, 16> uuid;
    std::vector<Interval> intervals;  ///< ascending, apart from one another
    friend bool operator==(const Source&, const Source&) = default;
  };
  struct Domain {
    std::uint32_t domain;
    std::uint32_t server_id;
    std::uint64_t number;
    friend bool operator==(const Domain&, const Domain&) = default;
  };
  /// MySQL: by UUID, ascending. Empty on MariaDB.
  [[nodiscard]] const std::vector<Source>& sources() const { return sources_; }
  /// MariaDB: by domain, ascending. Empty on MySQL.
  [[nodiscard]] const std::vector<Domain>& domains() const { return domains_; }

  friend bool operator==(const OriginPosition&, const OriginPosition&) = default;

 private:
  std::vector<Source> sources_;
  std::vector<Domain> domains_;
};

}  // namespace farshore
