#pragma once

#include <cstddef>

/// Bounds of what a reader accepts and a builder makes. The same numbers on both sides: what a builder sends, every
/// reader of the same format takes.
namespace farshore::change {

inline constexpr std::size_t kNameBytesMax = 255;            ///< origin, stream; also schema, table and column names
inline constexpr std::size_t kFullNameBytesMax = 511;        ///< "schema.table": two names and the point
inline constexpr std::size_t kGtidBytesMax = 255;            ///< text
inline constexpr std::size_t kColumnsMax = 4096;             ///< MySQL's own limit
inline constexpr std::size_t kLabelsMax = 65535;             ///< ENUM's own limit
inline constexpr std::size_t kTableTiesMax = 1'000;          ///< ties that a table names; the farthest are cut beyond
inline constexpr std::size_t kForeignKeyColumnsMax = 64;     ///< both servers allow fewer
inline constexpr std::size_t kKnownCascadesMax = 50'000;     ///< cascading keys that a checkpoint keeps; cut beyond
inline constexpr std::size_t kBatchChangesMax = 65'536;      ///< changes of one batch
inline constexpr std::size_t kBatchValuesMax = 262'144;      ///< values of one batch, before and after together
inline constexpr std::size_t kBatchTablesMax = 4'096;        ///< table shapes of one batch
inline constexpr std::size_t kBatchBytesMax = 10'485'760;    ///< of a record's value: the topics' max.message.bytes
inline constexpr std::size_t kRowBytesMax = 9'437'184;       ///< of a row's images: a batch has to hold it
inline constexpr std::size_t kPositionBytesMax = 1'000'000;  ///< of an origin position's text
inline constexpr std::size_t kStatementBytesMax = 4'096;     ///< of a statement's text in an epoch start; cut beyond
inline constexpr std::size_t kConstantBytesMax = 4'096;      ///< of the constant that a column is added with
inline constexpr std::size_t kEpochTablesMax = 10'000;       ///< tables that an epoch start names
inline constexpr std::size_t kTableNameCharsMax = 129;       ///< of "schema.table" where it is kept: 64 and 64
inline constexpr std::size_t kDoubtsMax = 50;                ///< tables that a watermark doubts; beyond, their stream
inline constexpr std::size_t kKnownKeysMax = 200'000;        ///< tables that one epoch numbers; another one begins then
inline constexpr std::size_t kXidBytesMax = 300;             ///< text: 64 and 64 bytes in hex, and a number
inline constexpr std::size_t kPreparedMax = 1'000;           ///< XA transactions that a checkpoint keeps
inline constexpr std::size_t kPreparedBytesMax = 4'194'304;  ///< of all that it keeps of those
inline constexpr std::size_t kPartitionsMax = 65'536;        ///< of an origin, all streams together

}  // namespace farshore::change
