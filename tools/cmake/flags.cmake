# Compiler flags, as two interface libraries: bm_flags for all our code,
# bm_freestanding on top of it for folders that run on a microcontroller.

add_library(bm_flags INTERFACE)
target_include_directories(bm_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(bm_flags INTERFACE
    $<$<COMPILE_LANGUAGE:C>:
    -Wpedantic -Wall -Wextra -Werror -Wconversion -Wshadow -Wvla
    -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wwrite-strings
    -Wcast-qual -Wimplicit-fallthrough -Wpointer-arith>)
if(CMAKE_C_COMPILER_ID MATCHES "Clang")
    # CHECK(!"what went wrong") is meant as it is written.
    target_compile_options(bm_flags INTERFACE
        $<$<COMPILE_LANGUAGE:C>:-Wno-string-conversion>)
endif()

add_library(bm_freestanding INTERFACE)
target_link_libraries(bm_freestanding INTERFACE bm_flags)

if(BM_ON_MCU)
    # What tools/size reads: stack per function, and who calls whom.
    add_compile_options(-ffunction-sections -fdata-sections
        -fstack-usage -fcallgraph-info=su)
    add_link_options(-Wl,--gc-sections)
    # 512 bytes is the budget of any one function (design, section 13).
    target_compile_options(bm_freestanding INTERFACE
        $<$<COMPILE_LANGUAGE:C>:-ffreestanding -Wstack-usage=512>)
else()
    target_compile_definitions(bm_flags INTERFACE _POSIX_C_SOURCE=200809L)
    set(CMAKE_POSITION_INDEPENDENT_CODE ON)
    # Programs load the libraries that they use, not all that ours may.
    add_link_options(-pie -Wl,--as-needed)
    if(CMAKE_BUILD_TYPE STREQUAL "Release")
        add_compile_options(-fstack-protector-strong -D_FORTIFY_SOURCE=2)
        add_link_options(-Wl,-z,relro,-z,now)
    endif()
endif()

if(BM_SANITIZE)
    add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
        -fno-omit-frame-pointer -O1)
    add_link_options(-fsanitize=address,undefined)
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        # gcc warns about the checks that it puts into shifts itself; the
        # same lines are held to -Wconversion in every other preset.
        add_compile_options(-Wno-sign-conversion)
    endif()
endif()
if(BM_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(BM_COVERAGE)
    add_compile_options(--coverage -O0)
    add_link_options(--coverage)
endif()
