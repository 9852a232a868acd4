# How a folder becomes libraries, tests and fuzzers. By convention, not by
# lists: CONTRIBUTING.md describes it from the writer's side.

# bm_library(TARGET DIR FLAGS [PATTERN]): DIR/*.c, or what matches PATTERN, as
# a static library; an empty interface library where there are no sources yet.
function(bm_library target dir flags)
    set(pattern *.c)
    if(ARGC GREATER 3)
        set(pattern ${ARGV3})
    endif()
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${dir}/${pattern})
    if(sources)
        add_library(${target} STATIC ${sources})
        target_link_libraries(${target} PRIVATE ${flags})
    else()
        add_library(${target} INTERFACE)
    endif()
endfunction()

# bm_link(TARGET LIB...): link whatever kind of library TARGET became.
function(bm_link target)
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "INTERFACE_LIBRARY")
        target_link_libraries(${target} INTERFACE ${ARGN})
    else()
        target_link_libraries(${target} PUBLIC ${ARGN})
    endif()
endfunction()

# bm_split_library(FROM TARGET STEM FLAGS): the sources of FROM whose names
# begin with STEM, as a library of their own.
function(bm_split_library from target stem flags)
    get_target_property(sources ${from} SOURCES)
    set(mine ${sources})
    list(FILTER mine INCLUDE REGEX "/${stem}[^/]*$")
    list(FILTER sources EXCLUDE REGEX "/${stem}[^/]*$")
    set_target_properties(${from} PROPERTIES SOURCES "${sources}")
    add_library(${target} STATIC ${mine})
    target_link_libraries(${target} PRIVATE ${flags})
endfunction()

# bm_add_test(NAME COMMAND...): register with ctest what speaks TAP.
function(bm_add_test name)
    add_test(NAME ${name} COMMAND ${ARGN}
        WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES
        SKIP_RETURN_CODE 77
        FAIL_REGULAR_EXPRESSION "(^|\n)not ok;runtime error:"
        TIMEOUT 300
        ENVIRONMENT "BM_VECTORS=${BM_VECTORS};UBSAN_OPTIONS=print_stacktrace=1")
endfunction()

# bm_slow(LABEL NAME...): tests that take their time, mostly waiting for the
# disk. CMakePresets.json says which presets leave out which label: `slow` and
# `cli` run with gcc under sanitizers alone, `bare` in release alone: they start
# our programs hundreds of times, whose code the others run under sanitizers;
# `once` runs in the preset that has it.
# Preset asan leaves out the areas of tests/ and the units of hosts, too: clang's
# sanitizers see what parses and what runs on devices, and every fuzzer; gcc's
# see all.
function(bm_slow label)
    set_tests_properties(${ARGN} PROPERTIES LABELS ${label} TIMEOUT 900)
    if(label STREQUAL "once")
        # The longest: first, or all others wait for them at the end.
        set_tests_properties(${ARGN} PROPERTIES COST 100)
    endif()
endfunction()

# bm_test_program(NAME SOURCE LIB...): one test program, started by ctest.
function(bm_test_program name source)
    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE bm_flags ${ARGN} bm_samples)
    if(BM_ON_MCU)
        target_link_libraries(${name} PRIVATE bm_port_${BM_BOARD})
    endif()
    bm_add_test(${name} ${name})
endfunction()

# bm_tests(DIR LIB...): each DIR/test/x_test.c is the program DIR_x_test.
function(bm_tests dir)
    string(REPLACE "/" "_" prefix ${dir})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${dir}/test/*_test.c)
    foreach(source IN LISTS sources)
        get_filename_component(stem ${source} NAME_WE)
        bm_test_program(${prefix}_${stem} ${source} ${ARGN})
        if("${bm_kind}" STREQUAL "host" AND NOT BM_HOST_TESTS)
            set_target_properties(${prefix}_${stem} PROPERTIES
                EXCLUDE_FROM_ALL ON)
            set_tests_properties(${prefix}_${stem} PROPERTIES DISABLED ON)
        endif()
    endforeach()
endfunction()

# bm_fuzzers(DIR LIB...): each DIR/fuzz/x_fuzz.c is a libFuzzer program in
# preset asan; in other host presets it replays DIR/fuzz/corpus/x under ctest.
function(bm_fuzzers dir)
    if(BM_ON_MCU)
        return()
    endif()
    string(REPLACE "/" "_" prefix ${dir})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${dir}/fuzz/*_fuzz.c)
    foreach(source IN LISTS sources)
        get_filename_component(stem ${source} NAME_WE)
        string(REGEX REPLACE "_fuzz$" "" x ${stem})
        set(corpus ${CMAKE_SOURCE_DIR}/${dir}/fuzz/corpus/${x})
        set(name ${prefix}_${stem})
        add_executable(${name} ${source})
        target_link_libraries(${name} PRIVATE bm_flags ${ARGN} bm_samples)
        if(BM_FUZZ)
            target_link_options(${name} PRIVATE -fsanitize=fuzzer)
            set_target_properties(${name} PROPERTIES
                RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzzers)
            file(APPEND ${CMAKE_BINARY_DIR}/fuzzers.txt "${name} ${corpus}\n")
        else()
            target_sources(${name} PRIVATE
                ${CMAKE_SOURCE_DIR}/tests/harness/fuzz_replay.c)
        endif()
        if(EXISTS ${corpus})
            if(BM_FUZZ)
                bm_add_test(${name} ${name} -runs=0 ${corpus})
            else()
                bm_add_test(${name} ${name} ${corpus})
            endif()
        endif()
    endforeach()
endfunction()

# bm_folder(DIR KIND LIB...): a folder of the house. One that needs more than
# the convention brings its own CMakeLists.txt.
function(bm_folder dir kind)
    set(bm_kind ${kind}) # for bm_tests(), also in a folder's CMakeLists.txt
    string(REPLACE "/" "_" name ${dir})
    if(BM_ON_MCU AND NOT kind STREQUAL "freestanding")
        return()
    endif()
    if(NOT IS_DIRECTORY ${CMAKE_SOURCE_DIR}/${dir})
        add_library(bm_${name} INTERFACE)
        return()
    endif()
    if(EXISTS ${CMAKE_SOURCE_DIR}/${dir}/CMakeLists.txt)
        add_subdirectory(${dir})
        return()
    endif()
    set(flags bm_flags)
    if(kind STREQUAL "freestanding")
        set(flags bm_freestanding)
    endif()
    bm_library(bm_${name} ${dir} ${flags})
    foreach(lib IN LISTS ARGN)
        if(TARGET bm_${lib})
            bm_link(bm_${name} bm_${lib})
        endif()
    endforeach()
    bm_tests(${dir} bm_test_crypto bm_${name} bm_port_crypto)
    bm_fuzzers(${dir} bm_test_crypto bm_${name} bm_port_crypto)
endfunction()

# bm_port(NAME): ports/NAME as bm_port_NAME, a leaf above core/. Its tests have
# bm_port_NAME_tls, too, where there is one, and keys of bm_test_crypto_NAME
# where the platform's own are of another port.
function(bm_port name)
    if(NOT IS_DIRECTORY ${CMAKE_SOURCE_DIR}/ports/${name})
        add_library(bm_port_${name} INTERFACE)
        return()
    endif()
    if(EXISTS ${CMAKE_SOURCE_DIR}/ports/${name}/CMakeLists.txt)
        add_subdirectory(ports/${name})
    else()
        bm_library(bm_port_${name} ports/${name} bm_flags)
        bm_link(bm_port_${name} bm_core)
    endif()
    set(libs bm_test_crypto)
    if(TARGET bm_test_crypto_${name})
        set(libs bm_test_crypto_${name})
    endif()
    if(TARGET bm_port_${name}_tls)
        list(APPEND libs bm_port_${name}_tls)
    endif()
    bm_tests(ports/${name} ${libs} bm_port_${name} bm_core)
    bm_fuzzers(ports/${name} ${libs} bm_port_${name} bm_core)
endfunction()

# bm_user_program(TARGET): a program for users; preset release puts it into
# build/bin, the others into their own tree.
function(bm_user_program target)
    set_target_properties(${target} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${BM_BIN_DIR})
endfunction()
