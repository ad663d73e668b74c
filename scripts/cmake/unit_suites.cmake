# Run when a program of unit tests was linked: writes FILE, in which ctest finds an entry for each of its suites.
#   cmake -D PROGRAM=... -D NAME=binlog -D FILE=... -P unit_suites.cmake
# An entry for each test took longer to start the program than to test: twice as long as all of its tests under asan.
execute_process(COMMAND ${PROGRAM} --gtest_list_tests OUTPUT_VARIABLE listed RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} --gtest_list_tests ended with ${result}")
endif()
string(REGEX MATCHALL "(^|\n)[^ \n]+\\." suites "${listed}")
list(TRANSFORM suites STRIP)
set(entries "")
foreach(suite IN LISTS suites)
  string(REGEX REPLACE "\\.$" "" suite ${suite})
  string(APPEND entries
         "add_test([==[${NAME}.${suite}]==] [==[${PROGRAM}]==] [==[--gtest_filter=${suite}.*]==])\n"
         "set_tests_properties([==[${NAME}.${suite}]==] PROPERTIES LABELS unit TIMEOUT 300)\n")
endforeach()
file(WRITE ${FILE} "${entries}")
