# bm_traps(TARGET [ENDS]): code of a bootloader, compiled for Cortex-M with a
# trap behind every instruction that never goes on to the next one; with ENDS,
# none behind jumps that stay inside of their function (tools/traps).
function(bm_traps target)
    find_program(BM_PYTHON3 python3 REQUIRED)
    set(traps ${CMAKE_SOURCE_DIR}/tools/traps/traps.py)
    set(launcher ${BM_PYTHON3} ${traps})
    if("ENDS" IN_LIST ARGN)
        list(APPEND launcher --ends)
    endif()
    set_target_properties(${target} PROPERTIES C_COMPILER_LAUNCHER "${launcher}")
    get_target_property(sources ${target} SOURCES)
    list(FILTER sources INCLUDE REGEX "\\.c$")
    set_property(SOURCE ${sources} TARGET_DIRECTORY ${target}
        APPEND PROPERTY OBJECT_DEPENDS ${traps})
endfunction()

# bm_traps_test(PROGRAM [NAME...]): a test that none is missing, but in the
# functions NAME; after --ends, where ENDS were guarded.
function(bm_traps_test program)
    bm_add_test(${program}_traps ${BM_PYTHON3}
        ${CMAKE_SOURCE_DIR}/tools/traps/traps.py --check ${ARGN}
        $<TARGET_FILE:${program}>)
endfunction()
