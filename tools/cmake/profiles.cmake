# bm_profiles_table(OUT DIR): write an assembler file that embeds every
# DIR/NAME.yaml and DIR/hidden/NAME.yaml as one row of ca_profiles_shipped
# (ca/profile.h). Adding a file to the folder is all it takes to add a row.
function(bm_profiles_table out dir)
    file(GLOB shown CONFIGURE_DEPENDS ${dir}/*.yaml)
    file(GLOB hidden CONFIGURE_DEPENDS ${dir}/hidden/*.yaml)
    set(data "")
    set(rows "")
    set(i 0)
    foreach(f IN LISTS shown hidden)
        get_filename_component(name ${f} NAME_WLE)
        set(is_hidden 0)
        if(f IN_LIST hidden)
            set(is_hidden 1)
        endif()
        string(APPEND data
            ".Ln${i}: .asciz \"${name}\"\n"
            ".Lt${i}: .incbin \"${f}\"\n    .byte 0\n")
        # A bool and what pads it, the little end first as everywhere we run.
        string(APPEND rows "    WORD .Ln${i}, .Lt${i}, ${is_hidden}\n")
        math(EXPR i "${i} + 1")
    endforeach()
    set(BM_PROFILES_DATA "${data}")
    set(BM_PROFILES_ROWS "${rows}")
    configure_file(${CMAKE_SOURCE_DIR}/tools/cmake/profiles.S.in ${out} @ONLY)
    set_source_files_properties(${out} PROPERTIES
        OBJECT_DEPENDS "${shown};${hidden}")
endfunction()
