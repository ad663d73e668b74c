#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

/// Numbers that a process shows of itself, declared where they are counted. A struct of counts has a MetricList, and
/// each number is a member of it that enters its name and its help there:
///
///   struct Counts {
///     MetricList metrics{"origin"};
///     Counter read_bytes{metrics, "farshore_capture_read_bytes_total", "Binlog bytes read."};
///   };
///
/// What is exported, the page and the list of names follow from the lists (services/telemetry, services/farshore).
/// Names follow one grammar: farshore_<what>_<unit>[_total], base units; a question that is answered by 0 or 1 (open,
/// active, stopped) has no unit. Times are given as what they are and exported in seconds.
namespace farshore {

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram };

class Histogram;

/// A metric of a list, and where its numbers are. Texts are literals.
struct Metric {
  struct Series {
    std::string_view value;  ///< of the label; empty where the metric has none
    const std::atomic<double>* number;
  };
  std::string_view name;
  std::string_view help;
  MetricType type = MetricType::kCounter;
  std::string_view label = {};           ///< beside those of the list; empty: none
  std::vector<Series> series = {};       ///< NaN: not known yet, and not exported
  const Histogram* histogram = nullptr;  ///< instead of series
};

/// The metrics of one struct, in the order of its members. Filled as the struct is made; does not move.
class MetricList {
 public:
  /// The labels that all of them have. Whoever exports the list gives their values.
  explicit MetricList(std::initializer_list<std::string_view> labels = {}) : labels_(labels) {}
  MetricList(const MetricList&) = delete;
  MetricList& operator=(const MetricList&) = delete;

  void enter(Metric metric) { metrics_.push_back(std::move(metric)); }
  /// With a series for each number: the words of to_string() for the first enumerators.
  template <typename Enum>
  void enter_by(Metric metric, std::span<const std::atomic<double>> numbers) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      metric.series.push_back({to_string(static_cast<Enum>(i)), &numbers[i]});
    }
    enter(std::move(metric));
  }
  [[nodiscard]] std::span<const std::string_view> labels() const { return labels_; }
  [[nodiscard]] std::span<const Metric> metrics() const { return metrics_; }

 private:
  const std::vector<std::string_view> labels_;
  std::vector<Metric> metrics_;
};

/// As it is exported.
template <typename Number>
  requires std::integral<Number> || std::floating_point<Number>
constexpr double metric_number(Number number) {
  return static_cast<double>(number);
}
constexpr double metric_number(std::chrono::duration<double> time) { return time.count(); }
template <typename Clock, typename Duration>
constexpr double metric_number(std::chrono::time_point<Clock, Duration> time) {
  return metric_number(std::chrono::duration<double>(time.time_since_epoch()));
}

/// Grows for as long as it lives. Any thread.
class Counter {
 public:
  Counter(MetricList& list, std::string_view name, std::string_view help) {
    list.enter({.name = name, .help = help, .type = MetricType::kCounter, .series = {{{}, &number_}}});
  }
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

  void add() { add(1); }
  void add(auto count) { number_.fetch_add(metric_number(count), std::memory_order_relaxed); }
  [[nodiscard]] double value() const { return number_.load(std::memory_order_relaxed); }

 protected:
  std::atomic<double> number_{0};
};

/// A counter that one thread adds to, and any reads: for what happens with each event or row, since it costs no atomic
/// addition.
class OneWriterCounter : private Counter {
 public:
  using Counter::Counter;
  using Counter::value;

  void add() { add(1); }
  void add(auto count) { number_.store(value() + metric_number(count), std::memory_order_relaxed); }
};

/// A counter with a series for each value of a label: the words of to_string() for the first `kValues` enumerators. Any
/// thread.
template <typename Enum, std::size_t kValues>
class CounterBy {
 public:
  CounterBy(MetricList& list, std::string_view name, std::string_view label, std::string_view help) {
    list.enter_by<Enum>({.name = name, .help = help, .type = MetricType::kCounter, .label = label}, numbers_);
  }
  CounterBy(const CounterBy&) = delete;
  CounterBy& operator=(const CounterBy&) = delete;

  void add(Enum value) { add(value, 1); }
  void add(Enum value, auto count) { at(value).fetch_add(metric_number(count), std::memory_order_relaxed); }
  [[nodiscard]] double value(Enum value) const { return numbers_[static_cast<std::size_t>(value)].load(); }

 private:
  std::atomic<double>& at(Enum value) { return numbers_[static_cast<std::size_t>(value)]; }

  std::array<std::atomic<double>, kValues> numbers_{};
};

/// How something is now. Any thread.
class Gauge {
 public:
  /// As a first value: there is no series before the first set().
  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

  Gauge(MetricList& list, std::string_view name, std::string_view help, double first = 0) : number_(first) {
    list.enter({.name = name, .help = help, .type = MetricType::kGauge, .series = {{{}, &number_}}});
  }
  Gauge(const Gauge&) = delete;
  Gauge& operator=(const Gauge&) = delete;

  void set(auto number) { number_.store(metric_number(number), std::memory_order_relaxed); }
  [[nodiscard]] double value() const { return number_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> number_;
};

/// A gauge with a series for each value of a label, as CounterBy. Any thread.
template <typename Enum, std::size_t kValues>
class GaugeBy {
 public:
  GaugeBy(MetricList& list, std::string_view name, std::string_view label, std::string_view help) {
    list.enter_by<Enum>({.name = name, .help = help, .type = MetricType::kGauge, .label = label}, numbers_);
  }
  GaugeBy(const GaugeBy&) = delete;
  GaugeBy& operator=(const GaugeBy&) = delete;

  void set(Enum value, auto number) {
    numbers_[static_cast<std::size_t>(value)].store(metric_number(number), std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<double>, kValues> numbers_{};
};

/// How often something was how large. Any thread; for each batch or transaction, not for each row.
class Histogram {
 public:
  /// `bounds`: each bucket's upper one, ascending; they outlive it. There is one bucket more, for what is above.
  Histogram(MetricList& list, std::string_view name, std::span<const double> bounds, std::string_view help)
      : bounds_(bounds), buckets_(bounds.size() + 1) {
    list.enter({.name = name, .help = help, .type = MetricType::kHistogram, .histogram = this});
  }
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;

  void observe(auto value) { observe_number(metric_number(value)); }

  [[nodiscard]] std::span<const double> bounds() const { return bounds_; }
  /// Of each bucket alone.
  [[nodiscard]] std::span<const std::atomic<std::uint64_t>> buckets() const { return buckets_; }
  [[nodiscard]] double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  void observe_number(double value);

  const std::span<const double> bounds_;
  std::vector<std::atomic<std::uint64_t>> buckets_;
  std::atomic<double> sum_{0};
};

inline constexpr std::array kLatencyBuckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,  0.15, 0.25,
                                            0.5,   1.0,    2.5,   5.0,  10.0,  30.0, 60.0, 300.0};
inline constexpr std::array kRowBuckets{1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0};
inline constexpr std::array kByteBuckets{256.0,    1024.0,    4096.0,    16384.0,   65536.0,
                                         262144.0, 1048576.0, 4194304.0, 16777216.0};

}  // namespace farshore
