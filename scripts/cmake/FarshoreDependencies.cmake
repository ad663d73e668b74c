# Everything that is not ours. scripts/setup installs it.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED CONFIG)
find_package(spdlog REQUIRED CONFIG)
find_package(CLI11 REQUIRED CONFIG)
find_package(yaml-cpp REQUIRED CONFIG)
find_package(nlohmann_json REQUIRED CONFIG)
find_package(prometheus-cpp REQUIRED CONFIG)
find_package(GTest REQUIRED CONFIG)
find_package(benchmark REQUIRED CONFIG)
find_package(Protobuf REQUIRED)
# librdkafka's package brings its own FindLZ4 and does not find it by itself.
foreach(prefix ${CMAKE_PREFIX_PATH})
  list(APPEND CMAKE_MODULE_PATH ${prefix}/lib/cmake/RdKafka)
endforeach()
find_package(RdKafka 2.8 REQUIRED CONFIG)

pkg_check_modules(libmariadb REQUIRED IMPORTED_TARGET libmariadb)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(httplib REQUIRED IMPORTED_TARGET cpp-httplib)

# mysql-connector-c++ 1.1 ships neither a CMake package nor a pkg-config file.
find_path(MYSQLCPPCONN_INCLUDE cppconn/driver.h REQUIRED)
find_library(MYSQLCPPCONN_LIBRARY mysqlcppconn REQUIRED)
add_library(farshore_mysqlcppconn INTERFACE)
target_include_directories(farshore_mysqlcppconn SYSTEM INTERFACE ${MYSQLCPPCONN_INCLUDE})
target_link_libraries(farshore_mysqlcppconn INTERFACE ${MYSQLCPPCONN_LIBRARY})
