# Compile a policy for devices: cmake -DTOP=... -DYAML=... -DOUT=... -P. It takes
# the birthmark of preset release, and has it built where there is none yet.
set(birthmark ${TOP}/build/bin/birthmark)
function(run)
    execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${TOP}
        RESULT_VARIABLE code)
    if(NOT code EQUAL 0)
        message(FATAL_ERROR "failed: ${ARGN}")
    endif()
endfunction()

if(NOT EXISTS ${birthmark})
    run(${CMAKE_COMMAND} --preset release)
    run(${CMAKE_COMMAND} --build --preset release --target birthmark)
endif()
run(${birthmark} policy test ${YAML})
file(REMOVE ${OUT})
run(${birthmark} policy compile --out ${OUT} ${YAML})
