# bm_traps(TARGET...): code of a bootloader, compiled for Cortex-M with a trap
# behind every instruction that never goes on to the next one (tools/traps).
function(bm_traps)
    find_program(BM_PYTHON3 python3 REQUIRED)
    set(traps ${CMAKE_SOURCE_DIR}/tools/traps/traps.py)
    foreach(target IN LISTS ARGN)
        set_target_properties(${target} PROPERTIES
            C_COMPILER_LAUNCHER "${BM_PYTHON3};${traps}")
        get_target_property(sources ${target} SOURCES)
        list(FILTER sources INCLUDE REGEX "\\.c$")
        set_property(SOURCE ${sources} TARGET_DIRECTORY ${target}
            APPEND PROPERTY OBJECT_DEPENDS ${traps})
    endforeach()
endfunction()

# bm_traps_test(PROGRAM [NAME...]): a test that none is missing, but in the
# functions NAME.
function(bm_traps_test program)
    bm_add_test(${program}_traps ${BM_PYTHON3}
        ${CMAKE_SOURCE_DIR}/tools/traps/traps.py --check
        $<TARGET_FILE:${program}> ${ARGN})
endfunction()
