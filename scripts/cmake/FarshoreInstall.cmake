# What `cmake --install` lays down beside the programs: share/farshore/{sql,config.schema.json}, and the licence.
include(GNUInstallDirs)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/schemas/sql DESTINATION ${CMAKE_INSTALL_DATADIR}/farshore FILES_MATCHING PATTERN "*.sql")
install(FILES ${CMAKE_SOURCE_DIR}/schemas/config.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/farshore)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
