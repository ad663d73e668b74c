# Tests in Python that run on real servers, in lanes: those of one lane run one after another, so that as many run at once
# as there are lanes, whatever ctest's --parallel is. They wait for most of their time: two left three quarters of 2 cores
# idle. Lanes 1 and 2 have a lab each that is brought up once; the labs of lane 3 are the tests' own. All should take about
# as long.
#
# farshore_python_test(FILE x_test.py LABEL integration [LANE 1|2|3] [SHARED_LAB] [ALONE] [TIMEOUT s] [FULL_TIMEOUT s])
#   one ctest entry, "<label>.<x>"; LANE: 3 where none is said;
#   SHARED_LAB: it uses its lane's lab, which the fixture entries bring up and take down;
#   ALONE: it loads the machine: no other of these runs beside it;
#   FULL_TIMEOUT: its long form is an entry too, "full.<x>", label "full".
#   Timeouts only bound what hangs. conftest.py ends the tests after theirs; ctest, which kills pytest and leaves its
#   servers running, waits for the fixtures' end first.

set(FARSHORE_PYTHON /usr/bin/python3)
string(MD5 build_id "${CMAKE_BINARY_DIR}")
string(SUBSTRING ${build_id} 0 8 build_id)
set(FARSHORE_TEST_LAB /tmp/farshore-ctest-${build_id}) # and the lane's number: each build's own, a short path for sockets
set(FARSHORE_SHARED_LABS 1 2)
set(FARSHORE_LANES 1 2 3)
set(FARSHORE_FIXTURES_END_SECONDS 40)
set(FARSHORE_PYTEST ${FARSHORE_PYTHON} -m pytest -p no:cacheprovider -q --tb=short)

function(farshore_python_test)
  cmake_parse_arguments(ARG "SHARED_LAB;ALONE" "FILE;LABEL;LANE;TIMEOUT;FULL_TIMEOUT" "" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 180)
  endif()
  if(NOT ARG_LANE)
    set(ARG_LANE 3)
  endif()
  if(ARG_SHARED_LAB AND NOT ARG_LANE IN_LIST FARSHORE_SHARED_LABS)
    message(FATAL_ERROR "${ARG_FILE}: lane ${ARG_LANE} has no lab to share")
  endif()
  set(locks ${ARG_LANE})
  if(ARG_ALONE)
    set(locks ${FARSHORE_LANES})
  endif()
  list(TRANSFORM locks PREPEND lane_)
  string(REGEX REPLACE "_test\\.py$" "" name ${ARG_FILE})
  set(same ${ARG_FILE} ${ARG_LANE} ${ARG_SHARED_LAB} "${locks}")
  farshore_python_entry(${ARG_LABEL}.${name} ${ARG_LABEL} ${ARG_TIMEOUT} 0 ${same})
  if(ARG_FULL_TIMEOUT)
    farshore_python_entry(full.${name} full ${ARG_FULL_TIMEOUT} 1 ${same})
  endif()
endfunction()

function(farshore_python_entry name label timeout full file lane shared_lab) # and the locks
  add_test(NAME ${name} COMMAND ${FARSHORE_PYTEST} ${file} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  set(environment "FARSHORE_BIN=${CMAKE_BINARY_DIR}" "PYTHONDONTWRITEBYTECODE=1" "FARSHORE_TEST_TIMEOUT=${timeout}"
      "FARSHORE_TEST_SANITIZER=${FARSHORE_SANITIZER}" "FARSHORE_TEST_LANE=${lane}" "FARSHORE_TEST_FULL=${full}")
  math(EXPR killed_after "${timeout} + ${FARSHORE_FIXTURES_END_SECONDS}")
  if(shared_lab)
    list(APPEND environment "FARSHORE_TEST_LAB=${FARSHORE_TEST_LAB}-${lane}")
    set_tests_properties(${name} PROPERTIES FIXTURES_REQUIRED shared_lab_${lane})
  endif()
  # COST: they begin before the unit tests, which would keep lane 3 waiting until the last of them.
  # 77: there is no MySQL on this machine, so that some of the tests could not run; ctest reports the entry as skipped.
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${killed_after} RESOURCE_LOCK "${ARGN}" COST 10 SKIP_RETURN_CODE 77
                       ENVIRONMENT "${environment}")
endfunction()
