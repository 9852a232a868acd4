# What an installed tree offers to other programs: <birthmark/core/cert.h> and
# its kin, the libraries, and files of pkg-config and CMake that know where they
# are.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# bm_install_headers(DIR): the public headers; what only sources of the folder
# share stays behind.
function(bm_install_headers dir)
    install(DIRECTORY ${CMAKE_SOURCE_DIR}/${dir}/
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/birthmark/${dir}
        FILES_MATCHING PATTERN "*.h"
        PATTERN "test" EXCLUDE
        PATTERN "fuzz" EXCLUDE
        PATTERN "*internal.h" EXCLUDE
        # What checks a TPM's word goes with the authority.
        PATTERN "openssl_tpm.h" EXCLUDE
        PATTERN "alg_rows.h" EXCLUDE
        PATTERN "ext_parts.h" EXCLUDE)
endfunction()

set(pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH pc_up /x/${pc_dir} /x)

# bm_install_pc(PART LIBRARY REQUIRES DESCRIPTION): birthmark-PART for
# pkg-config, Birthmark::PART for CMake (BirthmarkConfig.cmake.in).
function(bm_install_pc part library requires description)
    configure_file(${CMAKE_SOURCE_DIR}/tools/cmake/birthmark.pc.in
        ${CMAKE_BINARY_DIR}/birthmark-${part}.pc @ONLY)
    install(TARGETS ${library} ARCHIVE)
    install(FILES ${CMAKE_BINARY_DIR}/birthmark-${part}.pc
        DESTINATION ${pc_dir})
    set_property(GLOBAL APPEND PROPERTY bm_parts ${part})
    set_property(GLOBAL APPEND PROPERTY bm_installed ${library})
endfunction()

foreach(dir core keys device boot firewall ports/openssl)
    bm_install_headers(${dir})
endforeach()
bm_install_pc(core bm_core ""
    "X.509 and its kin: formats and path validation")
bm_install_pc(keys bm_keys "birthmark-core p11-kit-1 tss2-esys tss2-mu"
    "private keys in sealed files, tokens and TPMs")
bm_install_pc(keys-qr bm_keys_qr "birthmark-keys libqrencode"
    "shares of an unlock secret as QR pictures")
bm_install_pc(device bm_device "birthmark-core"
    "the device SDK: identity, enrolment, trust, sealed records")
bm_install_pc(boot bm_boot "birthmark-core"
    "what a device may run: images and key sets")
bm_install_pc(firewall bm_firewall "birthmark-device"
    "what becomes of a frame, by a table")
bm_install_pc(openssl bm_port_openssl "birthmark-core libcrypto"
    "OpenSSL as the cryptography of birthmark-core")
bm_install_pc(openssl-tls bm_port_openssl_tls
    "birthmark-device birthmark-openssl libssl"
    "OpenSSL as the TLS of birthmark-device")

get_property(parts GLOBAL PROPERTY bm_parts)
configure_file(tools/cmake/BirthmarkConfig.cmake.in
    ${CMAKE_BINARY_DIR}/BirthmarkConfig.cmake @ONLY)
write_basic_package_version_file(
    ${CMAKE_BINARY_DIR}/BirthmarkConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/BirthmarkConfig.cmake
    ${CMAKE_BINARY_DIR}/BirthmarkConfigVersion.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Birthmark)

# All that `cmake --install` wants, and no test.
get_property(libraries GLOBAL PROPERTY bm_installed)
add_custom_target(installed DEPENDS ${libraries}
    birthmark birthmarkd birthmark-agent birthmark-firewall)
