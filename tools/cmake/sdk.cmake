# The SDK in somebody else's build, by add_subdirectory(): Birthmark::core,
# Birthmark::device and so on from their sources, for what that build compiles
# for. No tests, no programs, and none of our flags.
# <birthmark/core/cert.h> is found as in an installed tree.
set(bm_sdk_include ${PROJECT_BINARY_DIR}/include)
file(MAKE_DIRECTORY ${bm_sdk_include})
file(CREATE_LINK ${PROJECT_SOURCE_DIR} ${bm_sdk_include}/birthmark SYMBOLIC)

# bm_sdk_part(PART LEAVE_OUT DIR LIB...): DIR/*.c but for names that match.
function(bm_sdk_part part leave_out dir)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${dir}/*.c)
    list(FILTER sources EXCLUDE REGEX "/(${leave_out})\\.c$")
    add_library(birthmark_${part} STATIC EXCLUDE_FROM_ALL ${sources})
    add_library(Birthmark::${part} ALIAS birthmark_${part})
    target_include_directories(birthmark_${part} PUBLIC ${bm_sdk_include}
        ${PROJECT_SOURCE_DIR})
    target_compile_features(birthmark_${part} PUBLIC c_std_11)
    target_link_libraries(birthmark_${part} PUBLIC ${ARGN})
endfunction()

bm_sdk_part(core "" core)
bm_sdk_part(device "" device Birthmark::core)
bm_sdk_part(firewall "" firewall Birthmark::device Birthmark::core)
bm_sdk_part(boot "" boot Birthmark::core)

# Cryptography: PSA of the Mbed TLS that the project names, with storage and
# memory for keys of its own; OpenSSL where there is one.
if(DEFINED BIRTHMARK_MBEDTLS)
    bm_sdk_part(mbedtls "mbedtls_(its|memory|tls.*)" ports/mbedtls
        Birthmark::device Birthmark::core ${BIRTHMARK_MBEDTLS})
endif()
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Generic")
    find_package(OpenSSL 3.0 COMPONENTS Crypto)
    if(OpenSSL_FOUND)
        bm_sdk_part(openssl "openssl_tls.*" ports/openssl Birthmark::core
            OpenSSL::Crypto)
        target_compile_definitions(birthmark_openssl PRIVATE
            _POSIX_C_SOURCE=200809L)
    endif()
endif()
