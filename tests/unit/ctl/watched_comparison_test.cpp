#include "services/ctl/watched_comparison.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <charconv>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "unit/mysql/scripted_server.hpp"

namespace farshore::ctl {
namespace {

using mysql::test::fails;
using mysql::test::Reply;
using mysql::test::rows;
using testing::HasSubstr;

/// A database with the table shop.t (id INT PRIMARY KEY, v VARCHAR(9)), and one session with it.
class OneTable {
 public:
  OneTable() {
    server_.answer([this](const std::string& sql) { return reply_to(sql); });
    session_ = std::move(*mysql::Connection::open(server_.endpoint(), {}));
  }

  std::map<std::int64_t, std::string> values{{1, "a"}, {2, "b"}, {3, "c"}};
  std::string made = "2026-01-02 03:04:05";
  std::string is_past = "1";  ///< of that time, at the first two looks
  std::string type = "varchar(9)";
  int times_asked = 0;
  std::function<void()> read;                ///< called before each answer with rows of the table
  std::optional<Reply> instead = {};         ///< of such an answer
  std::optional<Reply> instead_behind = {};  ///< likewise, to what lies behind a key

  mysql::Connection& session() { return *session_; }
  mysql::TableSchema shape() { return mysql::read_table_schema(session(), "shop", "t")->value(); }

 private:
  Reply reply_to(const std::string& sql) {
    if (sql.starts_with("SELECT CREATE_TIME")) return rows(names(2), {{made, ++times_asked > 2 ? "1" : is_past}});
    if (sql.starts_with("SELECT ENGINE")) return rows(names(4), {{"InnoDB", "BASE TABLE", "shop", "t"}});
    if (sql.starts_with("SELECT COLUMN_NAME")) return rows(names(16), {column("id", "int"), column("v", type)});
    if (sql.starts_with("SELECT INDEX_NAME")) return rows(names(5), {{"PRIMARY", "id", std::nullopt, "shop", "t"}});
    if (sql.starts_with("SELECT TRIGGER_NAME")) return rows(names(4), {});
    if (read) read();
    if (instead_behind && sql.find("`id`>") != std::string::npos) return *instead_behind;
    return instead ? *instead : rows(names(2), select(sql));
  }

  static std::vector<std::string> names(std::size_t count) { return std::vector<std::string>(count, "x"); }
  static std::vector<Reply::Field> column(const std::string& name, const std::string& type) {
    std::vector<Reply::Field> out(16);
    out[0] = name;
    out[1] = type.substr(0, type.find('('));
    out[2] = type;
    if (type != "int") out[3] = "utf8mb4";
    return out;
  }

  std::vector<std::vector<Reply::Field>> select(const std::string& sql) {
    std::vector<std::vector<Reply::Field>> out;
    const bool only_keys = sql.find("`v`") == std::string::npos;
    const auto take = [&](std::int64_t id, const std::string& value) {
      out.push_back({std::to_string(id)});
      if (!only_keys) out.back().emplace_back(value);
    };
    const auto number = [&](std::size_t at) {
      std::int64_t id = 0;
      std::from_chars(sql.data() + at, sql.data() + sql.size(), id);
      return id;
    };
    if (const auto list = sql.find(" IN ("); list != std::string::npos) {
      for (std::size_t at = list + 4; sql[at] != ')'; at = sql.find_first_of(",)", at + 1)) {
        const auto found = values.find(number(at + 1));
        if (found != values.end()) take(found->first, found->second);
      }
      return out;
    }
    const auto behind = sql.find("`id`>");
    for (auto at = behind == std::string::npos ? values.begin() : values.upper_bound(number(behind + 5));
         at != values.end(); ++at)
      take(at->first, at->second);
    return out;
  }

  mysql::test::ScriptedServer server_;
  std::optional<mysql::Connection> session_;
};

class AWatchedComparison : public testing::Test {
 protected:
  OneTable here;
  OneTable peer;
  std::function<void()> wait = [] {};

  WatchedComparison compare() {
    const auto shape_here = here.shape();
    const auto shape_peer = peer.shape();
    const auto table = ComparedTable::make(shape_here, shape_peer);
    const ComparisonCalls calls{.show = [](std::uint64_t, std::size_t) {},
                                .wait_for_the_way =
                                    [&] {
                                      wait();
                                      return true;
                                    }};
    auto found = compare_watched(*table, shape_here, shape_peer, here.session(), peer.session(), calls);
    EXPECT_TRUE(found) << found.error().error.to_string();
    return std::move(*found);
  }
};

TEST_F(AWatchedComparison, OfATableThatStaysAsItIsCounts) {
  const auto found = compare();
  EXPECT_EQ(found.not_compared, "");
  EXPECT_EQ(found.rows.rows_here, 3U);
  EXPECT_EQ(found.rows.differing, 0U);
}

TEST_F(AWatchedComparison, SaysNothingOfATableThatHasAnotherColumnAtItsEnd) {
  peer.read = [&] { peer.type = "varchar(20)"; };
  EXPECT_EQ(compare().not_compared,
            "it was altered, truncated or dropped at the peer while it was compared: compare again");
}

TEST_F(AWatchedComparison, SaysNothingOfATableWhoseColumnWentAndCameAgain) {
  here.read = [&] { here.made = "2026-01-02 03:04:06"; };
  EXPECT_EQ(compare().not_compared, "it was altered, truncated or dropped here while it was compared: compare again");
}

TEST_F(AWatchedComparison, LetsTheSecondOfTheLastAlterPass) {
  here.is_past = "0";
  EXPECT_EQ(compare().not_compared, "");
  EXPECT_EQ(here.times_asked, 4) << "twice in that second, then behind it, and at the end";
}

TEST_F(AWatchedComparison, SaysNothingOfATableThatGoesOrIsHeldMeanwhile) {
  for (const auto& [code, sentence] :
       {std::pair<std::uint16_t, std::string>{1146, "altered, truncated or dropped at the peer while it was compared"},
        {1054, "altered, truncated or dropped at the peer while it was compared"},
        {1412, "altered, truncated or dropped at the peer while it was compared"},
        {1205, "a statement held it at the peer for more than 20 s"}}) {
    peer.instead = fails(code, "refused");
    EXPECT_THAT(compare().not_compared, HasSubstr(sentence)) << code;
  }
}

TEST_F(AWatchedComparison, FailsWithAnotherError) {
  peer.instead = fails(1142, "SELECT command denied");
  const auto shape = here.shape();
  const auto found = compare_watched(*ComparedTable::make(shape, shape), shape, shape, here.session(), peer.session(),
                                     {.show = {}, .wait_for_the_way = {}});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().place, Place::kPeer);
  EXPECT_EQ(found.error().error.code, 1142);
}

TEST_F(AWatchedComparison, NamesWhatDiffersAtEachLook) {
  peer.values = {{2, "B"}, {3, "c"}, {4, "d"}};
  const auto found = compare().rows;
  EXPECT_EQ(found.differing, 3U);
  EXPECT_EQ(found.undecided, 0U);
  ASSERT_EQ(found.differences.size(), 3U);
  EXPECT_EQ(found.differences[1].key, "2");
  EXPECT_EQ(found.differences[1].columns, std::vector<std::string>{"v"});
}

TEST_F(AWatchedComparison, NamesNoRowThatGoesToAndFro) {
  // Its change was on its way at two looks, one behind the other.
  peer.values[2] = "B";
  int waits = 0;
  wait = [&] {
    if (++waits == 3) peer.values[2] = "b";
  };
  EXPECT_EQ(compare().rows.differing, 0U);
  EXPECT_EQ(waits, 3);
}

TEST_F(AWatchedComparison, DoesNotDecideOnARowThatIsAnotherAtEachLook) {
  int looks = 0;
  peer.read = [&] { peer.values[2] = std::to_string(++looks); };
  const auto found = compare().rows;
  EXPECT_EQ(found.differing, 0U);
  EXPECT_EQ(found.undecided, 1U);
}

TEST_F(AWatchedComparison, EndsWhereAKeyCannotBeAskedFor) {
  here.instead_behind = fails(1267, "Illegal mix of collations");
  const auto found = compare().rows;
  EXPECT_EQ(found.stopped, "key 3 has bytes that its character set has not, so what lies behind was not read");
}

TEST_F(AWatchedComparison, LooksAtManyRowsThatDifferInTurn) {
  for (std::int64_t id = 1; id <= 1200; ++id) here.values[id] = "here";
  for (std::int64_t id = 1000; id <= 2200; ++id) peer.values[id] = "peer";
  EXPECT_EQ(compare().rows.differing, 2200U);
}

}  // namespace
}  // namespace farshore::ctl
