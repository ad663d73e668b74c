"""scripts/check-format finds what it is there for."""

import os
import shutil
import unittest

from made_tree import SCRIPTS, MadeTree

GOOD = "int a;\n"
FAULT = "int  a;\n"


@unittest.skipUnless(shutil.which("clang-format-19"), "no clang-format-19")
class CheckFormat(MadeTree):
    script = "check-format"

    def setUp(self):
        super().setUp()
        shutil.copy(SCRIPTS.parent / ".clang-format", self.root)
        self.write("libs/base/gtid.hpp", GOOD)
        self.write("tests/unit/base/gtid_test.cpp", GOOD)

    def test_a_fault_is_told_with_file_and_line(self):
        self.assertEqual(self.complaints(), "")
        self.write("tests/unit/base/gtid_test.cpp", GOOD + FAULT)
        self.assertIn("tests/unit/base/gtid_test.cpp:2:4: error: code should be clang-formatted", self.complaints())

    def test_what_was_good_is_looked_at_again_when_it_has_changed(self):
        newer = ("--newer", self.root / "stamp")
        self.write("libs/base/gtid.hpp", FAULT)
        self.assertIn("libs/base/gtid.hpp:1", self.complaints(*newer))
        self.assertIn("libs/base/gtid.hpp:1", self.complaints(*newer)) # a fault stays one
        self.write("libs/base/gtid.hpp", GOOD)
        self.assertEqual(self.complaints(*newer), "")
        self.write("libs/base/gtid.hpp", FAULT)
        self.assertIn("libs/base/gtid.hpp:1", self.complaints(*newer))
        os.utime(self.root / "libs/base/gtid.hpp", (1, 1))
        self.assertEqual(self.complaints(*newer), "")
        (self.root / ".clang-format").touch()
        self.assertIn("libs/base/gtid.hpp:1", self.complaints(*newer))


if __name__ == "__main__":
    unittest.main()
