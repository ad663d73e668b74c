"""scripts/check-layers finds what it is there for."""

import unittest

from made_tree import MadeTree


class CheckLayers(MadeTree):
    script = "check-layers"

    def setUp(self):
        super().setUp()
        self.write("libs/base/gtid.hpp", "")
        self.write("libs/change/key.hpp", "")
        self.write("libs/capture/source/lease.hpp", "")
        self.write("services/capture/capture_service.hpp", "")
        self.write("services/config/config.hpp", "")

    def test_downwards_is_good(self):
        self.write("libs/capture/source/lease.cpp", '#include "change/key.hpp"\n#include "base/gtid.hpp"\n#include "capture/source/lease.hpp"\n')
        self.write("services/capture/run.cpp", '#include "capture/source/lease.hpp"\n#include "services/config/config.hpp"\n')
        self.assertEqual(self.complaints(), "")

    def test_assertions_that_are_not_shipped_are_found(self):
        self.write("libs/change/key.cpp", "#include <cassert>\n")
        self.assertIn("libs/change/key.cpp:1: <cassert> may not be included, but base/check.hpp", self.complaints())

    def test_mutexes_that_no_lint_sees_are_found(self):
        self.write("libs/base/mutex.hpp", "#include <mutex>\n")
        self.write("services/capture/run.cpp", "#include <shared_mutex>\n")
        self.assertEqual(self.complaints(), "services/capture/run.cpp:1: <shared_mutex> may not be included, but base/mutex.hpp: "
                                            "scripts/lint checks what its mutexes guard\n")

    def test_their_names_are_found_where_another_header_includes_them(self):
        self.write("libs/base/mutex.hpp", "std::mutex mutex_;\n")
        self.write("libs/change/key.cpp", "// not std::mutex\nMutex mutex_;  // nor std::scoped_lock\nstd::mutex_like a;\n")
        self.assertEqual(self.complaints(), "")
        names = ("mutex", "shared_mutex", "recursive_timed_mutex", "lock_guard", "unique_lock", "scoped_lock", "shared_lock",
                 "condition_variable", "condition_variable_any")
        self.write("libs/change/key.cpp", "".join(f"  const std::{name} a(b);\n" for name in names))
        self.assertEqual(self.complaints(), "".join(f"libs/change/key.cpp:{line}: std::{name} may stand only in libs/base/mutex.hpp: "
                                                    "scripts/lint checks what its mutexes guard\n" for line, name in enumerate(names, 1)))

    def test_upwards_is_found_with_file_and_line(self):
        self.write("libs/change/key.cpp", '#include "base/gtid.hpp"\n#include "capture/source/lease.hpp"\n')
        self.assertIn("libs/change/key.cpp:2: libs/change includes upwards: capture/source/lease.hpp is of libs/capture", self.complaints())

    def test_sideways_is_found(self):
        self.write("libs/binlog/event.cpp", '#include "change/key.hpp"\n')
        self.assertIn("includes sideways", self.complaints())

    def test_the_folders_of_a_library_have_an_order_too(self):
        self.write("libs/capture/counts.hpp", "")
        self.write("libs/capture/resume/cut.cpp", '#include "capture/source/lease.hpp"\n#include "capture/counts.hpp"\n')
        self.assertEqual(self.complaints(), "")
        self.write("libs/capture/publish/router.cpp", '#include "capture/source/lease.hpp"\n')
        self.write("libs/capture/counts.hpp", '#include "capture/source/lease.hpp"\n')
        self.assertEqual(self.complaints(), "libs/capture/counts.hpp:1: libs/capture includes upwards: capture/source/lease.hpp is of libs/capture/source\n"
                                            "libs/capture/publish/router.cpp:1: libs/capture/publish includes sideways: "
                                            "capture/source/lease.hpp is of libs/capture/source\n")

    def test_a_folder_of_a_library_includes_no_other_library_of_its_rank(self):
        self.write("libs/apply/counts.hpp", "")
        self.write("libs/capture/resume/cut.cpp", '#include "apply/counts.hpp"\n')
        self.assertIn("libs/capture includes sideways", self.complaints())

    def test_a_library_may_not_include_a_service(self):
        self.write("libs/apply/work.cpp", '#include "services/config/config.hpp"\n')
        self.assertIn("upwards", self.complaints())

    def test_a_library_may_not_include_the_service_of_its_own_name(self):
        self.write("libs/capture/source/lease.cpp", '#include "services/capture/capture_service.hpp"\n')
        self.assertIn("upwards", self.complaints())

    def test_foreign_headers_stay_where_they_are_wrapped(self):
        self.write("libs/change/key.cpp", "#include <librdkafka/rdkafka.h>\n")
        self.write("libs/store/parked.cpp", "#include <cppconn/driver.h>\n")
        self.write("libs/mysql/connection.cpp", "#include <cppconn/driver.h>\n")
        self.write("libs/kafka/producer.cpp", "#include <librdkafka/rdkafka.h>\n")
        found = self.complaints()
        self.assertIn("libs/change/key.cpp:1", found)
        self.assertIn("libs/store/parked.cpp:1", found)
        self.assertEqual(len(found.splitlines()), 2)

    def test_few_files_of_capture_know_of_the_binlog(self):
        self.write("libs/binlog/decoder.hpp", "")
        for file in ("event_rows.hpp", "numberer.hpp"):
            self.write(f"libs/capture/publish/{file}", '#include "binlog/decoder.hpp"\n')
        self.write("services/capture/pipeline.hpp", '#include "binlog/decoder.hpp"\n')
        self.assertIn("libs/capture/publish/numberer.hpp:1: binlog/decoder.hpp may be included in libs/capture only from event_rows,", self.complaints())
        self.assertEqual(len(self.complaints().splitlines()), 1)

    def test_the_farshore_schema_has_one_library(self):
        self.write("libs/store/parked.cpp", 'q("DELETE FROM farshore.parked");\n')
        self.write("libs/change/key.cpp", '// see farshore.parked\nq("DELETE FROM farshore.parked");\n')
        self.assertEqual(self.complaints(), "libs/change/key.cpp:2: SQL of the farshore schema belongs into libs/store\n")

    def test_a_new_folder_needs_a_layer(self):
        self.write("libs/reader/a.cpp", "")
        self.write("libs/base/inner/a.cpp", "")
        self.assertIn("libs/reader has no layer", self.complaints())
        self.assertIn("libs/base/inner has no layer", self.complaints())


if __name__ == "__main__":
    unittest.main()
