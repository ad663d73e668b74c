#include "services/telemetry/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>
#include <vector>

#include "base/check.hpp"

namespace farshore::service {
namespace {

prometheus::Labels labels_of(const MetricDeclaration& declaration, Metrics::LabelValues values) {
  prometheus::Labels labels;
  auto value = values.begin();
  for (const std::string_view name : declaration.labels) {
    if (name.empty()) break;
    FARSHORE_CHECK(value != values.end(), declaration.name, name);
    labels.emplace(name, *value++);
  }
  FARSHORE_CHECK(value == values.end(), declaration.name);
  return labels;
}

}  // namespace

void Counter::add(std::uint64_t count) const { counter_->Increment(static_cast<double>(count)); }

void Counter::advance_to(double total) const {
  const double missing = total - counter_->Value();
  if (missing > 0) counter_->Increment(missing);
}

void Gauge::set(double value) const { gauge_->Set(value); }

void Histogram::observe(double value) const { histogram_->Observe(value); }

struct Metrics::Refresh::Entry {
  std::mutex mutex;  // held while `refresh` runs
  std::function<void()> refresh;
};

struct Metrics::Impl {
  prometheus::Registry registry;
  std::mutex mutex;
  std::map<std::string_view, prometheus::Family<prometheus::Counter>*> counters;      // guarded by mutex
  std::map<std::string_view, prometheus::Family<prometheus::Gauge>*> gauges;          // guarded by mutex
  std::map<std::string_view, prometheus::Family<prometheus::Histogram>*> histograms;  // guarded by mutex
  std::vector<std::weak_ptr<Refresh::Entry>> refreshes;                               // guarded by mutex

  template <typename T, typename Build>
  prometheus::Family<T>& family(std::map<std::string_view, prometheus::Family<T>*>& families,
                                const MetricDeclaration& declaration, Build build) {
    const std::lock_guard lock(mutex);
    auto& found = families[declaration.name];
    if (found == nullptr) {
      found = &build().Name(std::string(declaration.name)).Help(std::string(declaration.help)).Register(registry);
    }
    return *found;
  }
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter Metrics::counter(const CounterDeclaration& declaration, LabelValues labels) {
  auto& family = impl_->family(impl_->counters, declaration, prometheus::BuildCounter);
  return Counter(&family.Add(labels_of(declaration, labels)));
}

Gauge Metrics::gauge(const GaugeDeclaration& declaration, LabelValues labels) {
  auto& family = impl_->family(impl_->gauges, declaration, prometheus::BuildGauge);
  return Gauge(&family.Add(labels_of(declaration, labels)));
}

Histogram Metrics::histogram(const HistogramDeclaration& declaration, LabelValues labels) {
  auto& family = impl_->family(impl_->histograms, declaration, prometheus::BuildHistogram);
  const prometheus::Histogram::BucketBoundaries buckets(declaration.buckets.begin(), declaration.buckets.end());
  return Histogram(&family.Add(labels_of(declaration, labels), buckets));
}

void Metrics::remove(const GaugeDeclaration& declaration, LabelValues labels) {
  auto& family = impl_->family(impl_->gauges, declaration, prometheus::BuildGauge);
  family.Remove(&family.Add(labels_of(declaration, labels)));
}

Metrics::Refresh Metrics::before_scrape(std::function<void()> refresh) {
  auto entry = std::make_shared<Refresh::Entry>();
  entry->refresh = std::move(refresh);
  const std::lock_guard lock(impl_->mutex);
  std::erase_if(impl_->refreshes, [](const auto& known) { return known.expired(); });
  impl_->refreshes.push_back(entry);
  return Refresh(std::move(entry));
}

Metrics::Refresh& Metrics::Refresh::operator=(Refresh&& other) noexcept {
  if (this != &other) {
    Refresh former(std::move(entry_));
    entry_ = std::move(other.entry_);
  }
  return *this;
}

Metrics::Refresh::~Refresh() {
  if (!entry_) return;
  // A scrape may hold the entry too: from here on it must not call what this object's owner gave.
  const std::lock_guard lock(entry_->mutex);
  entry_->refresh = nullptr;
}

std::string Metrics::scrape() {
  std::vector<std::weak_ptr<Refresh::Entry>> refreshes;
  {
    const std::lock_guard lock(impl_->mutex);
    refreshes = impl_->refreshes;
  }
  for (const auto& known : refreshes) {
    const auto entry = known.lock();
    if (!entry) continue;
    const std::lock_guard lock(entry->mutex);
    if (entry->refresh) entry->refresh();
  }
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace farshore::service
