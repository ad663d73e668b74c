# Tests in Python that run on real servers. At most two run at once, whatever ctest's --parallel is: one on the lab that
# is shared, one that brings its own. Both lanes should take about as long: what is on the shared lab saves its start,
# what is not runs beside it.
#
# farshore_python_test(FILE x_test.py LABEL integration [SHARED_LAB [AND_OWN]] [TIMEOUT s] [FULL_TIMEOUT s])
#   one ctest entry, "<label>.<x>"; SHARED_LAB: it uses the lab that the fixture entries bring up and take down;
#   AND_OWN: it brings labs of its own besides, or loads the machine as much: nothing runs beside it;
#   FULL_TIMEOUT: its long form is an entry too, "full.<x>", label "full".
#   Timeouts only bound what hangs. conftest.py ends the tests after theirs; ctest, which kills pytest and leaves its
#   servers running, waits for the fixtures' end first.

set(FARSHORE_PYTHON /usr/bin/python3)
string(MD5 build_id "${CMAKE_BINARY_DIR}")
string(SUBSTRING ${build_id} 0 8 build_id)
set(FARSHORE_TEST_LAB /tmp/farshore-ctest-${build_id}) # one of each build's own, with a short path for sockets
set(FARSHORE_FIXTURES_END_SECONDS 40)
set(FARSHORE_PYTEST ${FARSHORE_PYTHON} -m pytest -p no:cacheprovider -q --tb=short)

function(farshore_python_test)
  cmake_parse_arguments(ARG "SHARED_LAB;AND_OWN" "FILE;LABEL;TIMEOUT;FULL_TIMEOUT" "" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 180)
  endif()
  set(lanes own_lab)
  if(ARG_SHARED_LAB AND ARG_AND_OWN)
    set(lanes shared_lab own_lab)
  elseif(ARG_SHARED_LAB)
    set(lanes shared_lab)
  endif()
  string(REGEX REPLACE "_test\\.py$" "" name ${ARG_FILE})
  farshore_python_entry(${ARG_LABEL}.${name} ${ARG_FILE} ${ARG_LABEL} ${ARG_TIMEOUT} "FARSHORE_TEST_FULL=0" "${lanes}")
  if(ARG_FULL_TIMEOUT)
    farshore_python_entry(full.${name} ${ARG_FILE} full ${ARG_FULL_TIMEOUT} "FARSHORE_TEST_FULL=1" "${lanes}")
  endif()
endfunction()

function(farshore_python_entry name file label timeout form lanes)
  add_test(NAME ${name} COMMAND ${FARSHORE_PYTEST} ${file} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  set(environment "FARSHORE_BIN=${CMAKE_BINARY_DIR}" "PYTHONDONTWRITEBYTECODE=1" "FARSHORE_TEST_TIMEOUT=${timeout}"
      "FARSHORE_TEST_SANITIZER=${FARSHORE_SANITIZER}" "${form}")
  math(EXPR killed_after "${timeout} + ${FARSHORE_FIXTURES_END_SECONDS}")
  if("shared_lab" IN_LIST lanes)
    list(APPEND environment "FARSHORE_TEST_LAB=${FARSHORE_TEST_LAB}")
    set_tests_properties(${name} PROPERTIES FIXTURES_REQUIRED shared_lab)
  endif()
  # 77: there is no MySQL on this machine, so that some of the tests could not run; ctest reports the entry as skipped.
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${killed_after} RESOURCE_LOCK "${lanes}" SKIP_RETURN_CODE 77
                       ENVIRONMENT "${environment}")
endfunction()
