# Every build checks that includes point only downwards, and what else a reader may rely on.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(format_options --newer ${CMAKE_BINARY_DIR}/format.stamp)
foreach(what layers style documents format)
  add_custom_target(
    check_${what} ALL
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/scripts/check-${what} ${${what}_options}
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    COMMENT "Checking the ${what}"
    VERBATIM)
endforeach()
