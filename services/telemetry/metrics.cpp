#include "services/telemetry/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

#include "base/check.hpp"

namespace farshore::service {
namespace {

prometheus::MetricType type_of(MetricType type) {
  switch (type) {
    case MetricType::kCounter: return prometheus::MetricType::Counter;
    case MetricType::kGauge: return prometheus::MetricType::Gauge;
    case MetricType::kHistogram: return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

/// What one scrape has seen so far.
class Families {
 public:
  void add(const Metrics::Labelled& labelled) {
    for (const Metric& metric : labelled.list.metrics()) add(labelled, metric);
  }
  [[nodiscard]] const std::vector<prometheus::MetricFamily>& all() const { return families_; }

 private:
  void add(const Metrics::Labelled& labelled, const Metric& metric) {
    for (const Metric::Series& series : metric.series) {
      const double number = series.number->load(std::memory_order_relaxed);
      if (std::isnan(number)) continue;
      prometheus::ClientMetric& shown = shown_of(labelled, metric, series.value);
      if (metric.type == MetricType::kCounter) {
        shown.counter.value = number;
      } else {
        shown.gauge.value = number;
      }
    }
    if (metric.histogram != nullptr) fill(shown_of(labelled, metric, {}).histogram, *metric.histogram);
  }

  static void fill(prometheus::ClientMetric::Histogram& shown, const Histogram& histogram) {
    for (std::size_t i = 0; i < histogram.buckets().size(); ++i) {
      shown.sample_count += histogram.buckets()[i].load(std::memory_order_relaxed);
      shown.bucket.push_back({.cumulative_count = shown.sample_count,
                              .upper_bound = i < histogram.bounds().size() ? histogram.bounds()[i]
                                                                           : std::numeric_limits<double>::infinity()});
    }
    shown.sample_sum = histogram.sum();
  }

  /// The place of a series' numbers, with its labels by name.
  prometheus::ClientMetric& shown_of(const Metrics::Labelled& labelled, const Metric& metric, std::string_view value) {
    const auto [place, is_new] = places_.try_emplace(metric.name, families_.size());
    if (is_new) {
      families_.push_back({.name = std::string(metric.name),
                           .help = std::string(metric.help),
                           .type = type_of(metric.type),
                           .metric = {}});
    }
    prometheus::ClientMetric& shown = families_[place->second].metric.emplace_back();
    for (std::size_t i = 0; i < labelled.values.size(); ++i) {
      shown.label.push_back({std::string(labelled.list.labels()[i]), labelled.values[i]});
    }
    if (!metric.label.empty()) shown.label.push_back({std::string(metric.label), std::string(value)});
    std::sort(shown.label.begin(), shown.label.end());
    return shown;
  }

  std::vector<prometheus::MetricFamily> families_;
  std::map<std::string_view, std::size_t> places_;  ///< in families_
};

}  // namespace

struct Metrics::Shown::Entry {
  Entry(std::vector<Labelled> all, std::function<void()> first) : lists(std::move(all)), before(std::move(first)) {}
  Mutex mutex;  // held while `before` runs and while the lists are read
  std::vector<Labelled> lists GUARDED_BY(mutex);
  std::function<void()> before GUARDED_BY(mutex);
};

Metrics::Shown Metrics::show(std::vector<Labelled> lists, std::function<void()> before) {
  for (const Labelled& labelled : lists) {
    FARSHORE_CHECK(labelled.values.size() == labelled.list.labels().size(), labelled.values.size());
  }
  auto entry = std::make_shared<Shown::Entry>(std::move(lists), std::move(before));
  const MutexLock lock(mutex_);
  std::erase_if(shown_, [](const auto& known) { return known.expired(); });
  shown_.push_back(entry);
  return Shown(std::move(entry));
}

Metrics::Shown& Metrics::Shown::operator=(Shown&& other) noexcept {
  if (this != &other) {
    Shown former(std::move(entry_));
    entry_ = std::move(other.entry_);
  }
  return *this;
}

Metrics::Shown::~Shown() {
  if (!entry_) return;
  // A scrape may hold the entry too: from here on it must not use what this object's owner gave.
  const MutexLock lock(entry_->mutex);
  entry_->lists.clear();
  entry_->before = nullptr;
}

std::vector<std::shared_ptr<Metrics::Shown::Entry>> Metrics::entries() {
  const MutexLock lock(mutex_);
  std::vector<std::shared_ptr<Shown::Entry>> living;
  for (const auto& known : shown_) {
    if (auto entry = known.lock()) living.push_back(std::move(entry));
  }
  return living;
}

std::string Metrics::scrape() {
  for (const auto& entry : entries()) {
    const MutexLock lock(entry->mutex);
    if (entry->before) entry->before();
  }
  Families families;
  for (const auto& entry : entries()) {
    const MutexLock lock(entry->mutex);
    for (const Labelled& labelled : entry->lists) families.add(labelled);
  }
  return prometheus::TextSerializer().Serialize(families.all());
}

}  // namespace farshore::service
