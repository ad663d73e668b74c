"""scripts/check-documents finds what it is there for."""

import unittest

from made_tree import MadeTree


class CheckDocuments(MadeTree):
    script = "check-documents"

    def setUp(self):
        super().setUp()
        self.write("libs/base/gtid.cpp", "std::string Gtid::text() const {\n  return hex(raw());\n}\nint raw();\n"
                                      "class Hex {\n  static int of(int a) {\n    return a;\n  }\n};\n")
        self.write("tests/golden/metrics.txt", "farshore_read_rows_total counter capture\nfarshore_late_seconds histogram apply\n")
        self.write("docs/operating/runbooks.md", "# Runbooks\n\n## Capture: `stopped` again\n")

    def test_what_is_there_and_what_is_no_path(self):
        self.write("docs/page.md", "`libs/base/gtid.cpp`, `libs/base`, `libs/base/NAME.*`, `libs/*/gtid.cpp`, `base/gtid.cpp`, `gtid.cpp`, `Gtid`, `/metrics`, `a: b`, "
                                   "`libs/base/gtid.cpp:text`, `libs/base/gtid.cpp:of`, [books](operating/runbooks.md#top), [out](https://example.com/a)\n")
        self.assertEqual(self.complaints(), "")

    def test_paths_that_are_not_there(self):
        for name in ("libs/base/gone.cpp", "libs/gone", "scripts/gone", "base/gone.hpp", "gone.cpp", "libs/gone/NAME.hpp"):
            with self.subTest(name=name):
                self.write("docs/page.md", f"\nSee `{name} and so on`.\n")
                self.assertEqual(self.complaints(), f"docs/page.md:2: there is no {name}\n")

    def test_links_that_lead_nowhere(self):
        self.write("README.md", "[page](docs/page.md#top)\n")
        self.assertEqual(self.complaints(), "README.md:1: there is no docs/page.md\n")

    def test_functions_that_are_not_defined(self):
        for function in ("gone", "hex", "raw"):
            with self.subTest(function=function):
                self.write("docs/page.md", f"`libs/base/gtid.cpp:{function}`\n")
                self.assertEqual(self.complaints(), f"docs/page.md:1: libs/base/gtid.cpp defines no {function}\n")

    def test_lists_of_more_than_five_places(self):
        places = "".join(f"{number}. a place\n" for number in range(1, 6))
        lists = f"# Working\n1. not a place\n\n## Where do I add ...\n\n**A cat**\n{places}\n**A dog**\n{places}"
        self.write("CONTRIBUTING.md", lists + "\n## Habits\n6. no place\n")
        self.assertEqual(self.complaints(), "")
        self.write("CONTRIBUTING.md", lists + "6. a place\n")
        self.assertEqual(self.complaints(), "CONTRIBUTING.md:19: A dog: 5 places are wanted at most\n")

    def test_metrics_that_are_not_counted(self):
        self.write("libs/capture/counts.hpp", 'Counter rows{metrics, "farshore_rows_total", "Rows."};\n'
                                           'GaugeBy<Way, 2> open{\n    metrics, "farshore_open", "way",\n    "1: open."};\n'
                                           'Counter lent{metrics, "farshore_lent_total", "Lent."};\n'
                                           'Counter open_rows{metrics, "farshore_open_rows_total", "Open."};\n')
        self.write("services/capture/run.cpp", "counts.rows.add(2);\nWriter writer(counts->lent);\nwrite(row.open_rows);\n")
        self.assertEqual(self.complaints(), "libs/capture/counts.hpp:2: farshore_open is declared, and counted nowhere\n"
                                            "libs/capture/counts.hpp:6: farshore_open_rows_total is declared, and counted nowhere\n")

    def test_metrics_that_another_service_counts_under_the_same_name(self):
        self.write("libs/capture/counts.hpp", 'Counter rows{metrics, "farshore_rows_total", "Rows."};\n// Counter x{metrics, "farshore_x", "An example."};\n')
        self.write("services/apply/run.cpp", "counts.rows.add(2);\n")
        self.assertEqual(self.complaints(), "libs/capture/counts.hpp:1: farshore_rows_total is declared, and counted nowhere\n")

    def test_alerts(self):
        way_out = "  runbook: docs/operating/runbooks.md#capture-stopped-again\n"
        self.write("helm/alerts/late.yaml", "expr: farshore_read_rows_total + farshore_late_seconds_bucket > 1\n" + way_out)
        self.assertEqual(self.complaints(), "")
        self.write("helm/alerts/late.yaml", "expr: farshore_gone_total > 1\n" + way_out)
        self.assertEqual(self.complaints(), "helm/alerts/late.yaml:1: there is no metric farshore_gone_total\n")
        self.write("helm/alerts/late.yaml", "runbook: docs/operating/runbooks.md#gone\n")
        self.assertEqual(self.complaints(), "helm/alerts/late.yaml:1: docs/operating/runbooks.md has no heading #gone\n")
        self.write("helm/alerts/late.yaml", "\n")
        self.assertIn("helm/alerts/late.yaml:1: names no way out", self.complaints())

    def test_tables(self):
        self.write("schemas/sql/farshore.sql", "\nCREATE TABLE IF NOT EXISTS farshore.parked (\n")
        self.write("docs/formats.md", "**`parked`**: what waits.\n")
        self.write("libs/store/parked.cpp", 'query("SELECT 1 FROM farshore.parked");\n')
        self.assertEqual(self.complaints(), "")
        self.write("libs/store/parked.cpp", 'query("SELECT 1 FROM farshore.gone");\n')
        self.write("docs/formats.md", "**`home`**: what waits.\n")
        self.assertEqual(self.complaints().splitlines(), [
            "schemas/sql/farshore.sql:2: docs/formats.md does not say what parked holds",
            "docs/formats.md:1: describes home, which schemas/sql/farshore.sql does not make",
            "libs/store/parked.cpp:1: schemas/sql/farshore.sql makes no table gone"])


if __name__ == "__main__":
    unittest.main()
