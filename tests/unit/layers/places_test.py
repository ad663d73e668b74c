"""Two lists of CONTRIBUTING's "Where do I add ..." are followed in a copy of the sources: an example of each at the places that
the list names, all of them and no others. Complete it is accepted; what is forgotten is named by whoever is there for it."""

import contextlib
import fnmatch
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
COPIED = ("CONTRIBUTING.md", "README.md", "docs", "helm", "libs", "schemas", "scripts", "services", "tests", "docker", ".ci")
COMPILER = os.environ.get("CXX", "c++")
LISTS = ["A column type", "A merge rule", "A metric with an alert", "An endpoint", "A command of farshorectl",
         "A table of the farshore schema"]


def lists():
    """{title: [text of each place]}"""
    text = (ROOT / "CONTRIBUTING.md").read_text().partition("## Where do I add ...\n")[2].partition("\n## ")[0]
    titles = re.split(r"^\*\*(.+)\*\*$", text, flags=re.MULTILINE)[1:]
    return {title: re.findall(r"^\d+\. (.*)$", places, re.MULTILINE) for title, places in zip(titles[::2], titles[1::2])}


def names(place, path):
    """Whether the place's text names the file; where it names none, any file of code."""
    patterns = [name.replace("NAME", "*") for name in re.findall(r"`([\w./*-]+)`", place) if "/" in name or "." in name]
    return any(fnmatch.fnmatch(path, pattern) for pattern in patterns) or (not patterns and path.endswith(".cpp"))


def after(anchor, text):
    """An edit: the text behind the only place where the anchor stands."""
    def edit(content):
        assert content.count(anchor) == 1, (anchor, content.count(anchor))
        return content.replace(anchor, anchor + text)
    return edit


def new(text):
    return lambda content: text


METRIC = "farshore_capture_example_rows_total"
# (number of the place, file, edit, who names it when it is forgotten, and how). None: it is asked for by nobody.
A_METRIC = (
    (1, "libs/capture/counts.hpp", after('MetricList metrics{"origin"};\n', f'  Counter examples{{metrics, "{METRIC}", "Examples."}};\n'),
     "compiled", f"not declared: {METRIC}"),
    (2, "libs/capture/publish/publisher.cpp", after("void Publisher::wait_for_room() {\n", "  counts_.examples.add();\n"),
     "check-documents", f"{METRIC} is declared, and counted nowhere"),
    (3, "tests/golden/metrics.txt", lambda content: "".join(sorted([*content.splitlines(True), f"{METRIC} counter capture\n"])),
     "compiled", f"tests/golden/metrics.txt lacks {METRIC}"),
    (3, "docs/metrics.md", after("## capture\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n",
                                 f"| `{METRIC}` | counter | `origin` | Examples. |\n"),
     "compiled", f"docs/metrics.md lacks | `{METRIC}`"),
    (4, "helm/alerts/example.yaml", new(f"expr: rate({METRIC}[5m]) > 1\nrunbook: docs/operating/runbooks.md#an-example\n"), None, None),
    (5, "docs/operating/runbooks.md", after("# Runbooks, by symptom\n", "\n## An example\n"),
     "check-documents", "docs/operating/runbooks.md has no heading #an-example"),
)
A_TABLE = (
    (1, "schemas/sql/farshore.sql", lambda content: content + "CREATE TABLE IF NOT EXISTS farshore.example (\n  n INT NOT NULL\n);\n",
     "check-documents", "schemas/sql/farshore.sql makes no table example"),
    (2, "libs/store/example.cpp", new('const char* const kRead = "SELECT n FROM farshore.example";\n'),
     "check-style", "libs/store/README.md:1: has a line for `example`, which is not there"),
    (2, "libs/store/README.md", lambda content: content + "| `example` | an example |\n",
     "check-style", "libs/store/README.md:1: has no line for `example`"),
    (4, "docs/formats.md", after("\n## Tables of the farshore schema\n", "\n**`example`**: an example.\n"),
     "check-documents", "docs/formats.md does not say what example holds"),
)
# The metrics that a program has which declares them, as farshorectl writes them.
PROGRAM = """
#include <cstdio>
#include "libs/base/metric.cpp"
#include "services/telemetry/metric_reference.cpp"
#include "capture/counts.hpp"
int main() {
  const farshore::capture::Counts counts{};
  const farshore::service::MetricsOf all[]{{"capture", "capture", counts.metrics}};
  std::fputs((metric_names(all) + metric_reference(all)).c_str(), stdout);
}
"""


class Copy:
    """The sources, to be edited."""

    def __init__(self, root):
        self.root = root
        for name in COPIED:
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, root / name)
        self.declared = {}  # what the program says, by the text of the declarations

    @contextlib.contextmanager
    def with_steps(self, steps):
        before = {}
        for _, path, edit, *_ in steps:
            file = self.root / path
            content = file.read_text() if file.exists() else None
            before.setdefault(file, content)
            file.write_text(edit(content))
        try:
            yield
        finally:
            for file, content in before.items():
                file.unlink() if content is None else file.write_text(content)

    def complaints(self, asked):
        if asked == "compiled":
            return self.complaints_of_generated_files()
        done = subprocess.run([sys.executable, self.root / "scripts" / asked, self.root], capture_output=True, text=True, check=False)
        assert done.returncode == (1 if done.stdout else 0), done.stderr
        return done.stdout

    def complaints_of_generated_files(self):
        """As EveryMetric.IsOnThePage and IsInTheListOfNames, of what libs/capture/counts.hpp declares for the process."""
        text = (self.root / "libs/capture/counts.hpp").read_text()
        if text not in self.declared:
            self.declared[text] = self.compile_and_run()
        golden, page = ((self.root / path).read_text().splitlines() for path in ("tests/golden/metrics.txt", "docs/metrics.md"))
        declared = self.declared[text].splitlines()
        out = []
        for line in declared:
            if line.startswith("farshore_") and line not in golden:
                out.append(f"tests/golden/metrics.txt lacks {line}")
            if line.startswith("| `") and line not in page:
                out.append(f"docs/metrics.md lacks {line}")
        out += [f"not declared: {line}" for line in golden if line.startswith(METRIC) and line not in declared]
        return "\n".join(out)

    def compile_and_run(self):
        (self.root / "program.cpp").write_text(PROGRAM)
        subprocess.run([COMPILER, "-std=c++23", "-O0", f"-I{self.root / 'libs'}", f"-I{self.root}",
                        self.root / "program.cpp", "-o", self.root / "program", "-lfmt"], check=True)
        return subprocess.run([self.root / "program"], capture_output=True, text=True, check=True).stdout


class Places(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.copy = Copy(pathlib.Path(folder.name))

    def follow(self, title, steps, conditional=()):
        """`conditional`: the numbers of places that an example does not need."""
        places = lists()[title]
        self.assertEqual({step[0] for step in steps} | set(conditional), set(range(1, len(places) + 1)), "the list has other places")
        for number, path, *_ in steps:
            self.assertTrue(names(places[number - 1], path), f"place {number} does not name {path}")
        with self.copy.with_steps(steps):
            for asked in {"check-layers", "check-style", "check-documents"} | {step[3] for step in steps} - {None}:
                self.assertEqual(self.copy.complaints(asked), "", asked)
        for forgotten in steps:
            *_, asked, sentence = forgotten
            if asked is None:
                continue
            with self.subTest(forgotten=forgotten[1]), self.copy.with_steps([step for step in steps if step is not forgotten]):
                self.assertIn(sentence, self.copy.complaints(asked))

    def test_the_lists_are_there_and_short(self):
        self.assertEqual(list(lists()), LISTS)
        for title, places in lists().items():
            self.assertIn(len(places), range(1, 6), title)

    def test_a_metric_with_an_alert(self):
        self.follow("A metric with an alert", A_METRIC)

    def test_a_table_of_the_farshore_schema(self):
        self.follow("A table of the farshore schema", A_TABLE, conditional=(3,))

    def test_a_table_is_spelled_in_the_store_alone(self):
        elsewhere = (2, "libs/apply/example.cpp", new('const char* const kRead = "SELECT n FROM farshore.example";\n'))
        with self.copy.with_steps([elsewhere]):
            self.assertIn("SQL of the farshore schema belongs into libs/store", self.copy.complaints("check-layers"))


if __name__ == "__main__":
    unittest.main()
