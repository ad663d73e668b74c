#include "base/collation.hpp"

#include <gtest/gtest.h>

namespace farshore {
namespace {

TEST(Collation, mysqls_default_does_not_pad_and_is_not_bytewise) {
  const Collation& found = find_collation(ServerKind::kMysql, 255);
  EXPECT_EQ(found.name, "utf8mb4_0900_ai_ci");
  EXPECT_EQ(found.charset, "utf8mb4");
  EXPECT_FALSE(found.pads);
  EXPECT_FALSE(found.is_bytewise);
}

TEST(Collation, mariadbs_default_pads) {
  const Collation& found = find_collation(ServerKind::kMariadb, 45);
  EXPECT_EQ(found.name, "utf8mb4_general_ci");
  EXPECT_TRUE(found.pads);
  EXPECT_FALSE(found.is_bytewise);
}

TEST(Collation, binary_is_bytewise_and_does_not_pad_on_both) {
  for (const ServerKind kind : {ServerKind::kMysql, ServerKind::kMariadb}) {
    const Collation& found = find_collation(kind, 63);
    EXPECT_EQ(found.name, "binary");
    EXPECT_EQ(found.charset, "binary");
    EXPECT_TRUE(found.is_bytewise);
    EXPECT_FALSE(found.pads);
  }
}

TEST(Collation, bin_collations_are_bytewise_with_and_without_pad) {
  EXPECT_TRUE(find_collation(ServerKind::kMysql, 46).is_bytewise);
  EXPECT_TRUE(find_collation(ServerKind::kMysql, 46).pads);
  const Collation& no_pad = find_collation(ServerKind::kMysql, 309);
  EXPECT_EQ(no_pad.name, "utf8mb4_0900_bin");
  EXPECT_TRUE(no_pad.is_bytewise);
  EXPECT_FALSE(no_pad.pads);
  const Collation& mariadbs = find_collation(ServerKind::kMariadb, 1070);
  EXPECT_EQ(mariadbs.name, "utf8mb4_nopad_bin");
  EXPECT_TRUE(mariadbs.is_bytewise);
  EXPECT_FALSE(mariadbs.pads);
}

TEST(Collation, the_servers_mean_different_collations_by_a_high_id) {
  EXPECT_EQ(find_collation(ServerKind::kMysql, 305).name, "utf8mb4_0900_as_ci");
  EXPECT_TRUE(find_collation(ServerKind::kMariadb, 305).name.empty());
  EXPECT_EQ(find_collation(ServerKind::kMariadb, 2560).name, "ucs2_uca1400_ai_ci");
  EXPECT_TRUE(find_collation(ServerKind::kMysql, 2560).name.empty());
}

TEST(Collation, a_name_says_the_same_as_the_table) {
  int known = 0;
  for (const ServerKind kind : {ServerKind::kMysql, ServerKind::kMariadb}) {
    for (std::uint32_t id = 1; id < 4096; ++id) {
      const Collation& found = find_collation(kind, id);
      if (found.name.empty()) continue;
      ++known;
      EXPECT_EQ(collation_pads(found.name), found.pads) << to_string(kind) << ' ' << found.name;
      EXPECT_EQ(collation_is_bytewise(found.name), found.is_bytewise) << to_string(kind) << ' ' << found.name;
    }
  }
  EXPECT_GT(known, 500);
  EXPECT_FALSE(collation_pads(""));
  EXPECT_TRUE(collation_is_bytewise("")) << "a column without characters";
}

TEST(Collation, an_unknown_id_has_no_name) {
  EXPECT_TRUE(find_collation(ServerKind::kMysql, 0).name.empty());
  EXPECT_TRUE(find_collation(ServerKind::kMariadb, 4'000'000'000).name.empty());
  EXPECT_FALSE(find_collation(ServerKind::kMysql, 0).is_bytewise);
}

TEST(Collation, uca_1400_is_known_by_number_and_by_name) {
  const Collation& found = find_collation(ServerKind::kMariadb, 2310);
  EXPECT_EQ(found.name, "utf8mb4_uca1400_nopad_as_ci");
  EXPECT_EQ(found.charset, "utf8mb4");
  EXPECT_FALSE(found.pads);
  EXPECT_EQ(find_collation(ServerKind::kMariadb, "utf8mb4_uca1400_german2_ai_ci").id, 2464U);
  EXPECT_EQ(find_collation(ServerKind::kMariadb, 2048 + 21 * 8).name, "") << "there is no such language";
  EXPECT_EQ(find_collation(ServerKind::kMysql, 2310).name, "");
}

TEST(Collation, keys_stay_apart_in_the_same_a_stricter_or_a_bytewise_collation) {
  struct Case {
    const char* source;
    const char* target;
    bool ends_in_spaces;
    bool good;
  };
  for (const Case& one : std::initializer_list<Case>{
           {"utf8mb4_general_ci", "utf8mb4_general_ci", true, true},
           {"utf8mb3_general_ci", "utf8mb4_general_ci", true, true},
           {"utf8mb4_0900_ai_ci", "utf8mb4_general_ci", true, false},
           {"utf8mb4_general_ci", "utf8mb4_0900_ai_ci", true, false},
           {"utf8mb4_0900_ai_ci", "utf8mb4_0900_as_cs", true, true},
           {"utf8mb4_0900_as_cs", "utf8mb4_0900_ai_ci", true, false},
           {"utf8mb4_uca1400_ai_ci", "utf8mb4_uca1400_as_ci", true, true},
           {"utf8mb4_uca1400_nopad_ai_ci", "utf8mb4_uca1400_ai_ci", true, false},
           {"utf8mb4_general_ci", "utf8mb4_bin", true, true},
           {"utf8mb4_0900_ai_ci", "utf8mb4_bin", true, false},  // 'a' and 'a '
           {"utf8mb4_0900_ai_ci", "utf8mb4_bin", false, true},
           {"utf8mb4_0900_ai_ci", "utf8mb4_0900_bin", true, true},
           {"latin1_swedish_ci", "latin1_german1_ci", true, false},
           {"", "utf8mb4_bin", true, false},
       }) {
    EXPECT_EQ(collation_keeps_apart(one.source, one.target, one.ends_in_spaces), one.good)
        << one.source << " to " << one.target;
  }
}

}  // namespace
}  // namespace farshore
