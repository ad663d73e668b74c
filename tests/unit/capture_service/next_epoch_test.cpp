#include "services/capture/next_epoch.hpp"

#include <gmock/gmock.h>

#include "reading.hpp"

namespace farshore::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Next : public Reading {
 protected:
  const EpochParts parts_ = parts();
  NextEpoch next_{parts_, settings_};
};

TEST_F(Next, BeginsNothingWhereNothingIsDue) {
  next_.begin_due();
  EXPECT_FALSE(ending_.ended());
  EXPECT_FALSE(next_.tells_of_missed());
}

TEST_F(Next, NamesWhatIsMissedAndWhyTheFirstOfItIs) {
  next_.note_missed("shop.c"_table, "a key is gone");
  next_.note_missed("shop.d"_table, "another one is");
  EXPECT_EQ(next_.why_missed(), "a key is gone");
  next_.begin_due();
  const change::Checkpoint begun = this->begun();
  EXPECT_EQ(begun.id, (EpochId{Epoch(5), Incarnation(99)}));
  EXPECT_EQ(begun.position, "1-101-10"_position) << "behind the transaction that was read last";
  EXPECT_THAT(begun.pending_epoch_start->missed_tables, ElementsAre("shop.c", "shop.d"));
  EXPECT_EQ(begun.pending_epoch_start->reason, "a key is gone");
  EXPECT_THAT(begun.changed_unseen, IsEmpty());
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("a key is gone; the other regions' gates close")));
}

TEST_F(Next, NamesWhatHangsOnTheMissedToo) {
  cascades_.take_answer("shop.d"_table, std::vector{CascadingKey{.tie = {"shop.c"_table, "shop.d"_table}, .name = "k"}},
                        position(10));
  next_.note_missed("shop.c"_table, "why");
  next_.begin_due();
  EXPECT_THAT(begun().pending_epoch_start->missed_tables, ElementsAre("shop.c", "shop.d"));
}

TEST_F(Next, NamesWhatHungOnTheMissedWhenItWasMissed) {
  publish_ahead();
  cascades_.take_answer("shop.d"_table, std::vector{CascadingKey{.tie = {"shop.c"_table, "shop.d"_table}, .name = "k"}},
                        position(10));
  next_.note_missed("shop.c"_table, "why");
  cascades_.take_answer("shop.d"_table, std::vector<CascadingKey>(), position(10));
  publisher().writers()[1].start(kEpoch, Seq(26), {});
  next_.begin_due();
  EXPECT_THAT(begun().pending_epoch_start->missed_tables, ElementsAre("shop.c", "shop.d"));
}

TEST_F(Next, KeepsInTheCheckpointWhatChangesUntilAKeyIsGone) {
  next_.note_outside({.parent = "etc.p"_table, .child = "shop.c"_table});
  next_.begin_due();
  const change::Checkpoint begun = this->begun();
  EXPECT_THAT(begun.pending_epoch_start->missed_tables, ElementsAre("shop.c"));
  EXPECT_THAT(begun.changed_unseen, ElementsAre("shop.c"));
}

TEST_F(Next, TiesTablesThatTheNumberingDoesNotTie) {
  next_.note_tie({.parent = "shop.p"_table, .child = "shop.c"_table});
  next_.begin_due();
  const change::Checkpoint begun = this->begun();
  EXPECT_THAT(begun.numbering.cascade_groups, ElementsAre(HasSubstr("shop.c, shop.p")));
  EXPECT_THAT(begun.pending_epoch_start->missed_tables, IsEmpty());
  EXPECT_THAT(begun.pending_epoch_start->reason, HasSubstr("tied by a cascading foreign key"));
  EXPECT_THAT(warnings_, IsEmpty()) << "nothing is missed";
}

TEST_F(Next, WaitsUntilAllThatIsPublishedIsReadAgain) {
  publish_ahead();
  next_.note_missed("shop.c"_table, "why");
  next_.begin_due();
  EXPECT_FALSE(ending_.ended());
  EXPECT_TRUE(next_.tells_of_missed());
  publisher().writers()[1].start(kEpoch, Seq(26), {});
  next_.begin_due();
  EXPECT_THAT(begun().pending_epoch_start->missed_tables, ElementsAre("shop.c"));
}

TEST_F(Next, StopsWhereWhatIsPublishedLiesBehindWhatEndsTheEpoch) {
  publish_ahead();
  const auto before = written();
  next_.begin({.sentence = "the key of table shop.t changed"}, settings_.numbering);
  EXPECT_EQ(ending_.get().kind, EndKind::kStop);
  EXPECT_THAT(ending_.get().sentence, HasSubstr("the key of table shop.t changed"));
  EXPECT_EQ(written(), before);
}

TEST_F(Next, UnderTheOldNumberingItBeginsWhereTheTailsEnd) {
  settings_.stops_at_tails = true;
  next_.note_missed("shop.c"_table, "why");
  next_.begin_due();
  EXPECT_FALSE(ending_.ended()) << "the pipeline finishes at the tails";
  next_.begin_missed();
  EXPECT_THAT(begun().pending_epoch_start->missed_tables, ElementsAre("shop.c"));
}

// --- rows that are rolled back --------------------------------------------------------------------------------------

TEST_F(Next, NamesAllTablesOfATransactionThatWasRolledBack) {
  next_.note_rows("shop", "t");
  next_.note_rollback("1-101-11");
  EXPECT_FALSE(next_.tells_of_missed()) << "more of it may follow: it was rolled back to a savepoint";
  next_.note_rows("shop", "u");
  next_.note_end();
  EXPECT_TRUE(next_.tells_of_missed());
  next_.begin_due();
  const change::Checkpoint begun = this->begun();
  EXPECT_THAT(begun.pending_epoch_start->missed_tables, ElementsAre("shop.t", "shop.u"));
  EXPECT_THAT(begun.pending_epoch_start->reason, HasSubstr("1-101-11"));
}

TEST_F(Next, NamesNothingOfARollbackWithoutCapturedRowsNorOfWhatCameBefore) {
  next_.note_rows("shop", "t");
  next_.note_end();
  next_.note_rollback("1-101-12");
  next_.note_end();
  EXPECT_FALSE(next_.tells_of_missed());
}

// --- a transaction that is published in part -------------------------------------------------------------------------

TEST_F(Next, HandsNothingOverUnderTheNumberingAsConfigured) {
  EXPECT_FALSE(next_.hands_over("a row is too large"));
  EXPECT_FALSE(ending_.ended());
}

TEST_F(Next, HandsOverAtOnceWhereNothingOfTheTransactionIsNumbered) {
  settings_.stops_at_tails = true;
  EXPECT_TRUE(next_.hands_over("a row is too large"));
  const change::Checkpoint begun = this->begun();
  EXPECT_EQ(begun.pending_epoch_start->reason, "a row is too large");
  EXPECT_THAT(begun.split_tables, IsEmpty());
}

TEST_F(Next, HandsOverWithTheNamesOfAllTablesOfTheTransaction) {
  settings_.stops_at_tails = true;
  ASSERT_FALSE(history_.begin(gtid(11), SourceTime{}));
  next_.note_rows("shop", "t");
  EXPECT_TRUE(next_.hands_over("a row is too large"));
  EXPECT_TRUE(next_.is_handing_over());
  EXPECT_FALSE(ending_.ended()) << "the rest is read for its names";
  next_.note_rows("shop", "u");
  next_.hand_over();
  const change::Checkpoint begun = this->begun();
  EXPECT_EQ(begun.position, "1-101-10"_position) << "before the transaction";
  EXPECT_THAT(begun.split_tables, ElementsAre("shop.t", "shop.u"));
}

TEST_F(Next, HandsOverWithAnyTableWhereTheRestCannotBeRead) {
  settings_.stops_at_tails = true;
  next_.note_rows("shop", "t");
  EXPECT_TRUE(next_.hands_over("an event is not known", false));
  EXPECT_THAT(begun().split_tables, ElementsAre("*.*"));
}

TEST_F(Next, HandsNothingOverBeforeWhatIsPublished) {
  settings_.stops_at_tails = true;
  publish_ahead();
  EXPECT_FALSE(next_.hands_over("a row is too large"));
}

}  // namespace
}  // namespace farshore::capture
