# Run when a program of unit tests was linked: writes FILE, in which ctest finds an entry for each of its suites.
#   cmake -D PROGRAM=... -D NAME=binlog -D EACH_TEST=OFF -D FILE=... -P unit_suites.cmake
# An entry for each test takes longer to start the program than to test: twice as long as all of its tests under asan.
# EACH_TEST: all the same, as they wait more than they do, and so wait beside each other.
# A unit test that is skipped or disabled fails its entry, as does a filter that finds none: gtest calls all that good.
execute_process(COMMAND ${PROGRAM} --gtest_list_tests OUTPUT_VARIABLE listed RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} --gtest_list_tests ended with ${result}")
endif()
string(REGEX MATCHALL "[^\n]+" lines "${listed}")
set(entries "")
foreach(line IN LISTS lines)
  if(line MATCHES "^([^ ]+)\\.( |$)") # "Suite.", or "Suite.  # TypeParam = ..."
    set(suite ${CMAKE_MATCH_1})
    set(test "*")
  elseif(line MATCHES "^  ([^ ]+)" AND EACH_TEST)
    set(test ${CMAKE_MATCH_1})
  else()
    continue() # a line of gtest_main, or a test
  endif()
  if(EACH_TEST AND test STREQUAL "*")
    continue()
  endif()
  set(name ${NAME}.${suite}.${test})
  string(REPLACE ".*" "" name ${name})
  string(APPEND entries "add_test([==[${name}]==] [==[${PROGRAM}]==] [==[--gtest_filter=${suite}.${test}]==])\n"
                        "set_tests_properties([==[${name}]==] PROPERTIES LABELS unit TIMEOUT 300 FAIL_REGULAR_EXPRESSION"
                        " [==[\\[  SKIPPED \\]|Running 0 tests|DISABLED TEST]==])\n")
endforeach()
file(WRITE ${FILE} "${entries}")
