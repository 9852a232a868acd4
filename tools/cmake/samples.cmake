# bm_samples_table(OUT DIR): write an assembler file that embeds every
# DIR/KIND/NAME.EXT as one row of bm_samples (tests/harness/samples.h).
# Adding a file to the folder is all it takes to add a row.
function(bm_samples_table out dir)
    file(GLOB files CONFIGURE_DEPENDS LIST_DIRECTORIES false
        RELATIVE ${dir} ${dir}/*/*)
    list(FILTER files EXCLUDE REGEX "\\.md$")
    set(data "")
    set(rows "")
    set(paths "")
    set(i 0)
    foreach(f IN LISTS files)
        get_filename_component(kind ${f} DIRECTORY)
        get_filename_component(name ${f} NAME_WLE)
        string(APPEND data
            ".Lk${i}: .asciz \"${kind}\"\n.Ln${i}: .asciz \"${name}\"\n"
            ".Lp${i}: .incbin \"${dir}/${f}\"\n.Le${i}: .byte 0\n")
        string(APPEND rows
            "    WORD .Lk${i}, .Ln${i}, .Lp${i}, .Le${i} - .Lp${i}\n")
        list(APPEND paths ${dir}/${f})
        math(EXPR i "${i} + 1")
    endforeach()
    set(BM_SAMPLES_DATA "${data}")
    set(BM_SAMPLES_ROWS "${rows}")
    set(BM_SAMPLES_N ${i})
    configure_file(${CMAKE_SOURCE_DIR}/tools/cmake/samples.S.in ${out} @ONLY)
    set_source_files_properties(${out} PROPERTIES OBJECT_DEPENDS "${paths}")
endfunction()
