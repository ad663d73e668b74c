#include "base/gtid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>

#include "base/check.hpp"

namespace farshore {
namespace {

constexpr std::size_t kTextBytesMax = 1'000'000;
constexpr std::size_t kIntervalsMax = 100'000;
constexpr std::size_t kUuidTextBytes = 36;
/// Source: MySQL reference manual, "GTID Format and Storage": up to the largest signed 64-bit number, exclusive.
constexpr std::uint64_t kMysqlNumberMax = std::numeric_limits<std::int64_t>::max() - 1;

using Uuid = std::array<std::uint8_t, 16>;
using Interval = OriginPosition::Interval;

constexpr bool is_dash_place(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

void append_uuid(std::string& out, const Uuid& uuid) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (std::size_t byte = 0; byte < uuid.size(); ++byte) {
    if (byte == 4 || byte == 6 || byte == 8 || byte == 10) out.push_back('-');
    out.push_back(kDigits[uuid[byte] >> 4]);
    out.push_back(kDigits[uuid[byte] & 15]);
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != kUuidTextBytes) return std::nullopt;
  Uuid uuid{};
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_dash_place(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int digit = hex_digit(text[i]);
    if (digit < 0) return std::nullopt;
    uuid[nibble / 2] = static_cast<std::uint8_t>(uuid[nibble / 2] << 4 | digit);
    ++nibble;
  }
  return uuid;
}

template <typename T>
std::optional<T> parse_number(std::string_view text) {
  T number{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> parse_mysql_number(std::string_view text) {
  const auto number = parse_number<std::uint64_t>(text);
  if (!number || *number == 0 || *number > kMysqlNumberMax) return std::nullopt;
  return number;
}

/// Takes what stands before `separator` (or all) off the front of `text`.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view taken = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
  return taken;
}

std::optional<Interval> parse_interval(std::string_view text) {
  const bool is_range = text.find('-') != std::string_view::npos;
  const auto first = parse_mysql_number(take_until(text, '-'));
  if (!first) return std::nullopt;
  if (!is_range) return Interval{*first, *first};
  const auto last = parse_mysql_number(text);
  if (!last || *last < *first) return std::nullopt;
  return Interval{*first, *last};
}

std::optional<Gtid> parse_mariadb_gtid(std::string_view text) {
  const auto domain = parse_number<std::uint32_t>(take_until(text, '-'));
  const auto server_id = parse_number<std::uint32_t>(take_until(text, '-'));
  const auto number = parse_number<std::uint64_t>(text);
  if (!domain || !server_id || !number || *number == 0) return std::nullopt;
  Gtid gtid;
  gtid.kind = ServerKind::kMariadb;
  gtid.domain = *domain;
  gtid.server_id = *server_id;
  gtid.number = *number;
  return gtid;
}

/// Sorts, and joins what overlaps or touches.
void normalize(std::vector<Interval>& intervals) {
  std::ranges::sort(intervals, {}, &Interval::first);
  std::size_t kept = 0;
  for (const Interval& interval : intervals) {
    if (kept > 0 && interval.first <= intervals[kept - 1].last + 1) {
      intervals[kept - 1].last = std::max(intervals[kept - 1].last, interval.last);
    } else {
      intervals[kept++] = interval;
    }
  }
  intervals.resize(kept);
}

void add_number(std::vector<Interval>& intervals, std::uint64_t number) {
  if (!intervals.empty() && intervals.back().last + 1 == number) {
    intervals.back().last = number;
    return;
  }
  const auto after = std::ranges::upper_bound(intervals, number, {}, &Interval::first);
  const bool joins_next = after != intervals.end() && after->first == number + 1;
  if (after != intervals.begin()) {
    Interval& before = *std::prev(after);
    if (number <= before.last) return;
    if (before.last + 1 == number) {
      before.last = joins_next ? after->last : number;
      if (joins_next) intervals.erase(after);
      return;
    }
  }
  if (joins_next) {
    after->first = number;
  } else {
    intervals.insert(after, Interval{number, number});
  }
}

/// What of `from` is not in `without`.
std::vector<Interval> difference(const std::vector<Interval>& from, const std::vector<Interval>& without) {
  std::vector<Interval> left;
  auto cut = without.begin();
  for (Interval rest : from) {
    while (cut != without.end() && cut->last < rest.first) ++cut;
    auto here = cut;
    while (here != without.end() && here->first <= rest.last && rest.first <= rest.last) {
      if (here->first > rest.first) left.push_back({rest.first, here->first - 1});
      rest.first = here->last + 1;
      ++here;
    }
    if (rest.first <= rest.last) left.push_back(rest);
  }
  return left;
}

std::vector<Interval> common(const std::vector<Interval>& a, const std::vector<Interval>& b) {
  std::vector<Interval> both;
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    const std::uint64_t first = std::max(i->first, j->first);
    const std::uint64_t last = std::min(i->last, j->last);
    if (first <= last) both.push_back({first, last});
    if (i->last < j->last) {
      ++i;
    } else {
      ++j;
    }
  }
  return both;
}

void append_source(std::string& out, const Uuid& uuid, const std::vector<Interval>& intervals) {
  if (!out.empty()) out.push_back(',');
  append_uuid(out, uuid);
  for (const Interval& interval : intervals) {
    if (interval.first == interval.last) {
      fmt::format_to(std::back_inserter(out), ":{}", interval.first);
    } else {
      fmt::format_to(std::back_inserter(out), ":{}-{}", interval.first, interval.last);
    }
  }
}

std::string domain_text(const OriginPosition::Domain& domain) {
  return fmt::format("{}-{}-{}", domain.domain, domain.server_id, domain.number);
}

const OriginPosition::Source* find_source(const std::vector<OriginPosition::Source>& sources, const Uuid& uuid) {
  const auto found = std::ranges::lower_bound(sources, uuid, {}, &OriginPosition::Source::uuid);
  return found != sources.end() && found->uuid == uuid ? &*found : nullptr;
}

const OriginPosition::Domain* find_domain(const std::vector<OriginPosition::Domain>& domains, std::uint32_t domain) {
  const auto found = std::ranges::lower_bound(domains, domain, {}, &OriginPosition::Domain::domain);
  return found != domains.end() && found->domain == domain ? &*found : nullptr;
}

/// The intervals of `uuid`, made if need be.
std::vector<Interval>& intervals_of(std::vector<OriginPosition::Source>& sources, const Uuid& uuid) {
  const auto found = std::ranges::lower_bound(sources, uuid, {}, &OriginPosition::Source::uuid);
  if (found != sources.end() && found->uuid == uuid) return found->intervals;
  return sources.insert(found, {uuid, {}})->intervals;
}

void add_domain(std::vector<OriginPosition::Domain>& domains, const OriginPosition::Domain& added) {
  const auto found = std::ranges::lower_bound(domains, added.domain, {}, &OriginPosition::Domain::domain);
  if (found == domains.end() || found->domain != added.domain) {
    domains.insert(found, added);
  } else if (found->number < added.number) {
    *found = added;
  }
}

bool contains_all(const std::vector<Interval>& outer, const std::vector<Interval>& inner) {
  return difference(inner, outer).empty();
}

/// Parses "number[-number][:number[-number]]..." into `intervals`; counts them in `total`.
bool parse_intervals(std::string_view text, std::vector<Interval>& intervals, std::size_t& total) {
  if (text.empty() || text.back() == ':') return false;
  while (!text.empty()) {
    const auto interval = parse_interval(take_until(text, ':'));
    if (!interval || ++total > kIntervalsMax) return false;
    intervals.push_back(*interval);
  }
  return true;
}

}  // namespace

std::string Gtid::to_string() const {
  std::string out;
  out.reserve(64);
  append_to(out);
  return out;
}

void Gtid::append_to(std::string& out) const {
  if (empty()) return;
  if (kind == ServerKind::kMysql) {
    append_uuid(out, uuid);
    fmt::format_to(std::back_inserter(out), ":{}", number);
  } else {
    fmt::format_to(std::back_inserter(out), "{}-{}-{}", domain, server_id, number);
  }
}

std::optional<Gtid> Gtid::parse(std::string_view text) {
  if (text.size() <= kUuidTextBytes || text[kUuidTextBytes] != ':') return parse_mariadb_gtid(text);
  const auto uuid = parse_uuid(text.substr(0, kUuidTextBytes));
  const auto number = parse_mysql_number(text.substr(kUuidTextBytes + 1));
  if (!uuid || !number) return std::nullopt;
  Gtid gtid;
  gtid.uuid = *uuid;
  gtid.number = *number;
  return gtid;
}

std::optional<OriginPosition> OriginPosition::parse(std::string_view text) {
  if (text.size() > kTextBytesMax) return std::nullopt;
  std::string compact;
  compact.reserve(text.size());
  std::ranges::copy_if(text, std::back_inserter(compact),
                       [](char c) { return c != ' ' && c != '\n' && c != '\r' && c != '\t'; });
  OriginPosition position;
  std::string_view left = compact;
  if (!left.empty() && left.back() == ',') return std::nullopt;
  std::size_t intervals = 0;
  while (!left.empty()) {
    std::string_view item = take_until(left, ',');
    if (item.find(':') == std::string_view::npos) {
      const auto gtid = parse_mariadb_gtid(item);
      if (!gtid || !position.sources_.empty() || ++intervals > kIntervalsMax) return std::nullopt;
      add_domain(position.domains_, {gtid->domain, gtid->server_id, gtid->number});
    } else {
      const auto uuid = parse_uuid(take_until(item, ':'));
      if (!uuid || !position.domains_.empty()) return std::nullopt;
      if (!parse_intervals(item, intervals_of(position.sources_, *uuid), intervals)) return std::nullopt;
    }
  }
  for (Source& source : position.sources_) normalize(source.intervals);
  return position;
}

std::string OriginPosition::to_string() const {
  std::string out;
  for (const Source& source : sources_) append_source(out, source.uuid, source.intervals);
  for (const Domain& domain : domains_) {
    if (!out.empty()) out.push_back(',');
    out += domain_text(domain);
  }
  return out;
}

bool OriginPosition::contains(const Gtid& gtid) const {
  if (gtid.kind == ServerKind::kMariadb) {
    const Domain* domain = find_domain(domains_, gtid.domain);
    return domain != nullptr && gtid.number <= domain->number;
  }
  const Source* source = find_source(sources_, gtid.uuid);
  if (source == nullptr) return false;
  const auto after = std::ranges::upper_bound(source->intervals, gtid.number, {}, &Interval::first);
  return after != source->intervals.begin() && gtid.number <= std::prev(after)->last;
}

bool OriginPosition::contains(const OriginPosition& other) const {
  for (const Source& theirs : other.sources_) {
    const Source* ours = find_source(sources_, theirs.uuid);
    if (ours == nullptr || !contains_all(ours->intervals, theirs.intervals)) return false;
  }
  return std::ranges::all_of(other.domains_, [this](const Domain& theirs) {
    const Domain* ours = find_domain(domains_, theirs.domain);
    return ours != nullptr && theirs.number <= ours->number;
  });
}

void OriginPosition::add(const Gtid& gtid) {
  FARSHORE_CHECK(!gtid.empty());
  if (gtid.kind == ServerKind::kMysql) {
    FARSHORE_CHECK(domains_.empty());
    add_number(intervals_of(sources_, gtid.uuid), gtid.number);
  } else {
    FARSHORE_CHECK(sources_.empty());
    add_domain(domains_, {gtid.domain, gtid.server_id, gtid.number});
  }
}

void OriginPosition::add(const OriginPosition& other) {
  FARSHORE_CHECK(other.sources_.empty() || domains_.empty());
  FARSHORE_CHECK(other.domains_.empty() || sources_.empty());
  for (const Source& source : other.sources_) {
    std::vector<Interval>& ours = intervals_of(sources_, source.uuid);
    ours.insert(ours.end(), source.intervals.begin(), source.intervals.end());
    normalize(ours);
  }
  for (const Domain& domain : other.domains_) add_domain(domains_, domain);
}

std::string OriginPosition::missing_from(const OriginPosition& other) const {
  std::string out;
  for (const Source& source : sources_) {
    const Source* theirs = find_source(other.sources_, source.uuid);
    const std::vector<Interval> lacking =
        theirs == nullptr ? source.intervals : difference(source.intervals, theirs->intervals);
    if (!lacking.empty()) append_source(out, source.uuid, lacking);
  }
  for (const Domain& domain : domains_) {
    const Domain* theirs = find_domain(other.domains_, domain.domain);
    if (theirs != nullptr && domain.number <= theirs->number) continue;
    if (!out.empty()) out += ',';
    out += domain_text(domain);
    if (theirs != nullptr) out += " (after " + domain_text(*theirs) + ")";
  }
  return out;
}

bool OriginPosition::is_errant(const Gtid& gtid) const {
  if (gtid.kind == ServerKind::kMariadb) {
    const Domain* domain = find_domain(domains_, gtid.domain);
    if (domain == nullptr || domain->number < gtid.number) return false;
    return domain->number != gtid.number || domain->server_id != gtid.server_id;
  }
  const Source* source = find_source(sources_, gtid.uuid);
  return source != nullptr && !source->intervals.empty() && gtid.number <= source->intervals.back().last &&
         !contains(gtid);
}

OriginPosition OriginPosition::intersection(const OriginPosition& a, const OriginPosition& b) {
  OriginPosition both;
  for (const Source& source : a.sources_) {
    const Source* other = find_source(b.sources_, source.uuid);
    if (other == nullptr) continue;
    std::vector<Interval> intervals = common(source.intervals, other->intervals);
    if (!intervals.empty()) both.sources_.push_back({source.uuid, std::move(intervals)});
  }
  for (const Domain& domain : a.domains_) {
    const Domain* other = find_domain(b.domains_, domain.domain);
    if (other != nullptr) both.domains_.push_back(domain.number <= other->number ? domain : *other);
  }
  return both;
}

}  // namespace farshore
