#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/environment_error.hpp"
#include "change/batch_reader.hpp"
#include "change/decode_json.hpp"
#include "kafka/admin.hpp"
#include "kafka/tail_reader.hpp"
#include "services/ctl/command.hpp"
#include "services/ctl/record_file.hpp"
#include "services/process/kafka_error.hpp"
#include "services/process/library_settings.hpp"

// farshorectl decode: the batches of a topic, or of a file, as JSON, a line a change.
namespace farshore::ctl {
namespace {

constexpr std::chrono::seconds kTimeout{10};
constexpr std::uint64_t kFileBytesMax = 1024ULL * 1024 * 1024;

struct DecodeOptions {
  std::string topic;
  std::int32_t partition = -1;  ///< -1: every partition
  std::string from = "beginning";
  std::uint64_t count = 0;  ///< records a partition; 0: all
  std::string file;
  std::string save;
};

/// Prints records, and counts those that cannot be read.
class Printer {
 public:
  explicit Printer(const std::string& save) : file_(save) {
    if (save.empty()) return;
    save_.open(save, std::ios::binary | std::ios::trunc);
    if (!save_) {
      throw EnvironmentError(fmt::format("--save {}: the file cannot be written ({}); name another one.", save,
                                         std::generic_category().message(errno)),
                             ExitCode::kUsage);
    }
    saves_ = true;
  }

  /// `where` names the record in error lines: {"topic":..., "partition":..., "offset":...}.
  void print(std::string_view header, std::string_view value, nlohmann::ordered_json where) {
    if (saves_) {
      bytes_.clear();
      append_record(header, value, bytes_);
      save_.write(bytes_.data(), static_cast<std::streamsize>(bytes_.size()));
    }
    lines_.clear();
    const auto read = change::read_batch(header, value, tables_, batch_);
    if (read) {
      change::append_json_lines(batch_, lines_);
    } else {
      ++unreadable_;
      where["error"] = change::to_string(read.error().kind);
      where["detail"] = read.error().detail;
      lines_ = where.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    }
    std::fwrite(lines_.data(), 1, lines_.size(), stdout);
  }

  /// All that was printed and saved is written out; throws when there was no room for it.
  [[nodiscard]] int finish() {
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      throw EnvironmentError(fmt::format("standard output could not be written ({}): what was printed is not whole.",
                                         std::generic_category().message(errno)));
    }
    if (saves_ && !save_.flush()) {
      throw EnvironmentError(
          fmt::format("--save {}: the file could not be written ({}) and is not whole: make room, or "
                      "name another one.",
                      file_, std::generic_category().message(errno)));
    }
    return static_cast<int>(unreadable_ == 0 ? ExitCode::kGood : ExitCode::kError);
  }

 private:
  change::TableCache tables_;
  change::Batch batch_;
  std::string file_;
  std::string lines_;
  std::string bytes_;
  std::ofstream save_;
  bool saves_ = false;
  std::uint64_t unreadable_ = 0;
};

int decode_file(const DecodeOptions& options) {
  std::ifstream in(options.file, std::ios::binary);
  if (!in) {
    throw EnvironmentError(
        fmt::format("--file {}: the file cannot be read ({}).", options.file, std::generic_category().message(errno)),
        ExitCode::kUsage);
  }
  std::string bytes;
  std::vector<char> piece(1024UL * 1024);
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())), in.gcount() > 0) {
    bytes.append(piece.data(), static_cast<std::size_t>(in.gcount()));
    if (bytes.size() > kFileBytesMax)
      throw EnvironmentError(fmt::format("--file {}: the file is above 1 GiB.", options.file));
  }
  const auto records = split_records(bytes);
  if (!records) {
    throw EnvironmentError(
        fmt::format("--file {}: {}; wanted a file that decode --save wrote.", options.file, records.error()));
  }
  Printer printer(options.save);
  std::uint64_t index = 0;
  for (const SavedRecord& record : *records) {
    printer.print(record.header, record.value, {{"file", options.file}, {"record", index}});
    if (++index == options.count) break;
  }
  return printer.finish();
}

/// "beginning", an offset, or "-N": N records before the end.
KafkaOffset first_offset(const DecodeOptions& options, const kafka::OffsetRange& range) {
  if (options.from == "beginning") return range.low;
  std::int64_t number = 0;
  const char* end = options.from.data() + options.from.size();
  const auto [parsed, error] = std::from_chars(options.from.data(), end, number);
  if (error != std::errc{} || parsed != end) {
    throw EnvironmentError(
        fmt::format("--from is \"{}\"; wanted beginning, an offset, or -N for the last N offsets.", options.from),
        ExitCode::kUsage);
  }
  return number >= 0 ? KafkaOffset(number) : KafkaOffset(std::max(range.low.raw(), range.high.raw() + number));
}

void decode_partition(const service::Config& config, const DecodeOptions& options, kafka::Admin& admin,
                      kafka::TailReader& reader, PartitionId partition, Printer& printer) {
  const kafka::TopicPartition at{.topic = options.topic, .partition = partition};
  const auto range = admin.offsets(at, kTimeout);
  if (!range) throw service::kafka_error("reading the offsets of " + options.topic, config.kafka, range.error());
  std::uint64_t printed = 0;
  const auto each = [&](const kafka::Record& record) {
    printer.print(record.header(), record.value(),
                  {{"topic", options.topic}, {"partition", partition.raw()}, {"offset", record.offset().raw()}});
    return ++printed != options.count;
  };
  const auto read = reader.read_range(at, first_offset(options, *range), each, kTimeout);
  if (!read) throw service::kafka_error("reading " + options.topic, config.kafka, read.error());
}

int decode_topic(const service::Config& config, const DecodeOptions& options) {
  const kafka::ClusterSettings cluster = service::quiet_cluster_settings(config, "farshorectl");
  auto admin = kafka::Admin::create(cluster);
  if (!admin) throw service::kafka_error("connecting", config.kafka, admin.error());
  auto reader = kafka::TailReader::create(cluster);
  if (!reader) throw service::kafka_error("connecting", config.kafka, reader.error());
  const auto topic = (*admin)->describe_topic(options.topic, kTimeout);
  if (!topic) throw service::kafka_error("looking up the topic " + options.topic, config.kafka, topic.error());
  if (options.partition >= topic->partitions) {
    throw EnvironmentError(fmt::format("--partition is {}, and {} has the partitions 0 to {}.", options.partition,
                                       options.topic, topic->partitions - 1),
                           ExitCode::kUsage);
  }
  Printer printer(options.save);
  const std::int32_t first = std::max(0, options.partition);
  const std::int32_t end = options.partition < 0 ? topic->partitions : options.partition + 1;
  for (std::int32_t i = first; i < end; ++i) {
    decode_partition(config, options, **admin, **reader, PartitionId(i), printer);
  }
  return printer.finish();
}

}  // namespace

void add_decode(CLI::App& app, Command& command) {
  CLI::App* decode =
      app.add_subcommand("decode", "Print the batches of a topic, or of a file, as a JSON line a change");
  const auto options = std::make_shared<DecodeOptions>();
  auto* topic =
      decode->add_option("--topic", options->topic, "Topic of the region's Kafka, farshore.changes.ORIGIN.STREAM");
  decode->add_option("--partition", options->partition, "Only this partition")
      ->check(CLI::NonNegativeNumber)
      ->needs(topic);
  decode->add_option("--from", options->from, "First offset: beginning (default), a number, or -N for the last N")
      ->needs(topic);
  decode->add_option("--count", options->count, "At most so many records of each partition");
  auto* file = decode->add_option("--file", options->file, "A file that --save wrote")->excludes(topic);
  decode->add_option("--save", options->save, "Also write the records to this file");
  decode->callback([&command, options, topic, file] {
    if (topic->count() + file->count() == 0) throw CLI::RequiredError("--topic or --file");
    command.chosen = [&command, options] {
      return options->file.empty() ? decode_topic(command.load(), *options) : decode_file(*options);
    };
  });
}

}  // namespace farshore::ctl
