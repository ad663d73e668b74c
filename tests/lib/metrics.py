"""Reading a service's /metrics, as Prometheus does."""

import re

from lab_lib.services import get

SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?\s+(\S+)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


class Metrics:
    def __init__(self, text):
        self.text = text
        self.samples = []
        self.types = {}
        self.helps = {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                name, kind = line.split()[2:4]
                self.types[name] = kind
            elif line.startswith("# HELP "):
                name, _, words = line[len("# HELP "):].partition(" ")
                self.helps[name] = words
            elif line and not line.startswith("#"):
                name, labels, value = SAMPLE.match(line).groups()
                self.samples.append((name, dict(LABEL.findall(labels or "")), float(value)))

    @classmethod
    def of(cls, url):
        status, text = get(url + "/metrics", timeout=5)
        assert status == 200, f"{url}/metrics answers {status}"
        return cls(text)

    def values(self, name, **labels):
        return [value for found, has, value in self.samples
                if found == name and all(has.get(key) == wanted for key, wanted in labels.items())]

    def total(self, name, **labels):
        return sum(self.values(name, **labels))

    def quantile(self, name, q, since=None, **labels):
        """An upper bound of a histogram's quantile, from its buckets; `since` is an earlier reading to leave out."""
        counts = {}
        for reading, sign in ((self, 1), (since, -1)):
            for found, has, value in reading.samples if reading else ():
                if found == name + "_bucket" and all(has.get(key) == wanted for key, wanted in labels.items()):
                    bound = float(has["le"].replace("+Inf", "inf"))
                    counts[bound] = counts.get(bound, 0) + sign * value
        total = max(counts.values(), default=0)
        return next((bound for bound in sorted(counts) if total and counts[bound] >= q * total), None)
