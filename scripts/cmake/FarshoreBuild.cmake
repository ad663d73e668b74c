# How everything here is compiled, and farshore_library(), farshore_test(): the only two ways to add code.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

option(FARSHORE_WARNINGS_AS_ERRORS "Treat compiler warnings as errors" ON)
set(FARSHORE_SANITIZER "" CACHE STRING "asan (address and undefined behaviour), tsan, or empty")

# The sanitizers' builds read many sources at once (CMAKE_UNITY_BUILD in their presets): less than half of the time. So no
# name may stand twice in the unnamed namespaces of a folder. The release build compiles each source alone.
if(CMAKE_UNITY_BUILD)
  add_compile_options(-Wno-subobject-linkage) # a type of an unnamed namespace in a class of the same source
endif()

find_program(FARSHORE_CCACHE ccache)
if(FARSHORE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${FARSHORE_CCACHE})
endif()
find_program(FARSHORE_MOLD mold)
if(FARSHORE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

if(FARSHORE_SANITIZER STREQUAL "asan")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(FARSHORE_SANITIZER STREQUAL "tsan")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
elseif(NOT FARSHORE_SANITIZER STREQUAL "")
  message(FATAL_ERROR "FARSHORE_SANITIZER is '${FARSHORE_SANITIZER}'; it takes asan, tsan or nothing")
endif()

# Places at which tests make something happen, see libs/base/fail_point.hpp. Never in what is shipped.
option(FARSHORE_FAIL_POINTS "Build the named fail points in" OFF)
if(FARSHORE_FAIL_POINTS)
  add_compile_definitions(FARSHORE_FAIL_POINTS)
endif()

# In every build, as FARSHORE_CHECK is: a wrong index or an empty optional aborts too.
add_compile_definitions(_GLIBCXX_ASSERTIONS)
# A failed check names its place within the sources.
add_compile_options(-fmacro-prefix-map=${CMAKE_SOURCE_DIR}/=)

add_library(farshore_flags INTERFACE)
target_compile_options(farshore_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
                                                -Woverloaded-virtual -Wimplicit-fallthrough)
if(FARSHORE_WARNINGS_AS_ERRORS)
  target_compile_options(farshore_flags INTERFACE -Werror)
endif()

# farshore_library(NAME base DEPS fmt::fmt farshore::other ...): a static library of every .cpp in this folder and the folders in it.
function(farshore_library)
  cmake_parse_arguments(ARG "" "NAME" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/*/*.cpp)
  file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.hpp ${CMAKE_CURRENT_SOURCE_DIR}/*/*.hpp)
  if(sources)
    add_library(farshore_${ARG_NAME} STATIC ${sources} ${headers})
    target_include_directories(farshore_${ARG_NAME} PUBLIC ${CMAKE_SOURCE_DIR}/libs)
    target_link_libraries(farshore_${ARG_NAME} PUBLIC ${ARG_DEPS} PRIVATE farshore_flags)
  else()
    add_library(farshore_${ARG_NAME} INTERFACE)
    target_include_directories(farshore_${ARG_NAME} INTERFACE ${CMAKE_SOURCE_DIR}/libs)
    target_link_libraries(farshore_${ARG_NAME} INTERFACE ${ARG_DEPS})
  endif()
  add_library(farshore::${ARG_NAME} ALIAS farshore_${ARG_NAME})
endfunction()

# farshore_unit_test(NAME base DEPS ... [ONE_THREAD] [EACH_TEST]): one program of every *_test.cpp in this folder; an
# entry of ctest for each of its suites, label "unit". EACH_TEST: for each of its tests, which wait more than they do.
# ONE_THREAD: its tests run on one thread, so that there is nothing for tsan to see.
function(farshore_unit_test)
  cmake_parse_arguments(ARG "ONE_THREAD;EACH_TEST" "NAME" "DEPS" ${ARGN})
  if(ARG_ONE_THREAD AND FARSHORE_SANITIZER STREQUAL "tsan")
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(unit_${ARG_NAME} ${sources})
  target_include_directories(unit_${ARG_NAME} PRIVATE ${CMAKE_SOURCE_DIR}/libs ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(unit_${ARG_NAME} PRIVATE ${ARG_DEPS} farshore_source_tree GTest::gmock GTest::gtest_main farshore_flags)
  if(FARSHORE_SANITIZER) # what is tested is optimised; optimising the tests too takes longer than it saves
    target_compile_options(unit_${ARG_NAME} PRIVATE -O0)
  endif()
  set(suites ${CMAKE_CURRENT_BINARY_DIR}/unit_${ARG_NAME}_suites.cmake)
  add_custom_command(
    TARGET unit_${ARG_NAME} POST_BUILD BYPRODUCTS ${suites}
    COMMAND ${CMAKE_COMMAND} -D PROGRAM=$<TARGET_FILE:unit_${ARG_NAME}> -D NAME=${ARG_NAME} -D EACH_TEST=${ARG_EACH_TEST}
            -D FILE=${suites} -P ${CMAKE_SOURCE_DIR}/scripts/cmake/unit_suites.cmake)
  set(included ${CMAKE_CURRENT_BINARY_DIR}/unit_${ARG_NAME}_include.cmake)
  file(WRITE ${included} "if(EXISTS [==[${suites}]==])\n  include([==[${suites}]==])\nelse()\n"
                         "  add_test(unit_${ARG_NAME}_NOT_BUILT unit_${ARG_NAME}_NOT_BUILT)\nendif()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${included})
endfunction()
