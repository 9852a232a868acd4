# What an installed tree offers to other programs: <birthmark/core/cert.h> and
# its kin, the libraries, and pkg-config files that know where they are.
include(GNUInstallDirs)

# bm_install_headers(DIR): the public headers; what only sources of the folder
# share stays behind.
function(bm_install_headers dir)
    install(DIRECTORY ${CMAKE_SOURCE_DIR}/${dir}/
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/birthmark/${dir}
        FILES_MATCHING PATTERN "*.h"
        PATTERN "test" EXCLUDE
        PATTERN "fuzz" EXCLUDE
        PATTERN "*internal.h" EXCLUDE
        # TLS goes with device/, which firmware and the agent compile in;
        # what checks a TPM's word, with the authority.
        PATTERN "openssl_tls.h" EXCLUDE
        PATTERN "openssl_tpm.h" EXCLUDE
        PATTERN "alg_rows.h" EXCLUDE
        PATTERN "ext_parts.h" EXCLUDE)
endfunction()

# bm_install_pc(NAME LIBRARY REQUIRES DESCRIPTION)
function(bm_install_pc name library requires description)
    configure_file(${CMAKE_SOURCE_DIR}/tools/cmake/birthmark.pc.in
        ${CMAKE_BINARY_DIR}/${name}.pc @ONLY)
    install(FILES ${CMAKE_BINARY_DIR}/${name}.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

bm_install_headers(core)
bm_install_headers(keys)
bm_install_headers(ports/openssl)
install(TARGETS bm_core bm_keys bm_keys_qr bm_port_openssl ARCHIVE)
bm_install_pc(birthmark-core bm_core ""
    "X.509 and its kin: formats and path validation")
bm_install_pc(birthmark-keys bm_keys "birthmark-core p11-kit-1"
    "private keys in sealed files")
bm_install_pc(birthmark-keys-qr bm_keys_qr "birthmark-keys libqrencode"
    "shares of an unlock secret as QR pictures")
bm_install_pc(birthmark-openssl bm_port_openssl "birthmark-core libcrypto"
    "OpenSSL as the cryptography of birthmark-core")
