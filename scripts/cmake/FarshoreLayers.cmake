# Every build checks that includes point only downwards.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_custom_target(
  check_layers ALL
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/scripts/check-layers
  WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
  COMMENT "Checking the layers"
  VERBATIM)
