# Every build checks that includes point only downwards, and what else a reader may rely on.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
foreach(what layers style documents)
  add_custom_target(
    check_${what} ALL
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/scripts/check-${what}
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    COMMENT "Checking the ${what}"
    VERBATIM)
endforeach()
