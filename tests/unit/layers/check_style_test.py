"""scripts/check-style finds what it is there for."""

import subprocess
import unittest

from made_tree import MadeTree


class CheckStyle(MadeTree):
    script = "check-style"

    def setUp(self):
        super().setUp()
        self.write("libs/base/gtid.hpp", "// A GTID.\n")
        self.write("libs/base/README.md", "# base\n| file | what |\n|---|---|\n| `gtid` | a GTID |\n")
        for folder in ("services", "docs"):
            (self.root / folder).mkdir()

    def test_a_good_tree_is_good(self):
        self.assertEqual(self.complaints(), "")

    def test_long_files(self):
        self.write("tests/unit/base/long_test.cpp", "int a;\n" * 600)
        self.assertEqual(self.complaints(), "")
        self.write("tests/unit/base/long_test.cpp", "int a;\n" * 601)
        self.assertIn("tests/unit/base/long_test.cpp:600: the file has 601 lines", self.complaints())

    def function(self, head, lines, indent=""):
        return f"{indent}{head} {{\n" + f"{indent}  work();\n" * (lines - 1 - len(head.splitlines())) + f"{indent}}}\n"

    def test_long_functions(self):
        for head, indent in (("void f(int a)", ""), ("A::A(int a)\n    : a_(a),\n      b_(a)", ""), ("int g() const", "  "),
                             ("std::expected<int, std::string> A::long_name(const std::string& a,\n"
                              "                                              int b) const", "")):
            with self.subTest(head=head):
                self.write("libs/base/gtid.hpp", self.function(head, 70, indent) * 3)
                self.assertEqual(self.complaints(), "")
                self.write("libs/base/gtid.hpp", self.function(head, 70, indent) + self.function(head, 71, indent))
                self.assertEqual(self.complaints(), "libs/base/gtid.hpp:71: the function has 71 lines, and 70 are wanted at most\n")

    def test_what_is_long_and_no_function(self):
        self.write("libs/base/gtid.hpp", "namespace a {\n" + "class A {\n" + "  int a_;\n" * 90 + "};\n" + "}\n")
        self.assertEqual(self.complaints(), "")

    def test_long_functions_of_python(self):
        self.write("tests/lib/tool.py", "def f():\n" + "    work()\n" * 70)
        self.assertIn("tests/lib/tool.py:1: the function has 71 lines", self.complaints())

    def test_files_that_no_readme_names(self):
        self.write("libs/base/value.hpp", "")
        self.assertEqual(self.complaints(), "libs/base/README.md:1: has no line for `value`\n")
        self.write("libs/base/README.md", "| `gtid` | a GTID |\n| `value` | a value |\n| `gone` | nothing |\n")
        self.assertEqual(self.complaints(), "libs/base/README.md:1: has a line for `gone`, which is not there\n")
        self.write("libs/base/inner/value.hpp", "")
        self.write("libs/base/README.md", "| `gtid` | a GTID |\n| `value` | a value |\n| `inner/value` | another |\n")
        self.assertEqual(self.complaints(), "")
        (self.root / "libs/base/README.md").unlink()
        self.assertIn("libs/base/README.md:1: is missing", self.complaints())

    def test_words(self):
        self.write("libs/base/gtid.hpp", "int a;  // simply a number\nconst char* kText = \"simply\";\n")
        self.assertEqual(len(self.complaints().splitlines()), 1)
        self.assertIn("libs/base/gtid.hpp:1: 'simply'", self.complaints())
        self.write("libs/base/gtid.hpp", "")
        self.write("docs/page.md", "Obviously.\n")
        self.assertIn("docs/page.md:1: 'Obviously'", self.complaints())

    def test_switches_with_a_default(self):
        self.write("libs/base/gtid.hpp", "switch (kind) {\n  default: return 1;\n}\n")
        self.assertIn("libs/base/gtid.hpp:2: a switch with default", self.complaints())

    def test_subjects_of_commits(self):
        git = ["git", "-C", str(self.root), "-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run([*git, "init", "-q"], check=True)
        for subject in ("one change", "one; and another", "a" * 73):
            subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", subject], check=True)
        self.assertIn("its subject has 73 characters", self.complaints())
        self.assertEqual(len(self.complaints("--commits", "HEAD").splitlines()), 2)
        self.assertIn("joins changes by a semicolon", self.complaints("--commits", "HEAD~1"))


if __name__ == "__main__":
    unittest.main()
