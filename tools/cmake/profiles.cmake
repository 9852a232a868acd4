# bm_profiles_table(OUT DIR): write an assembler file that embeds every
# DIR/NAME.yaml, DIR/demand/NAME.yaml and DIR/built-in/NAME.yaml as one row of
# ca_profiles_shipped (ca/profile.h), which says how each is shipped by its
# folder. Adding a file to a folder is all it takes to add a row.
function(bm_profiles_table out dir)
    file(GLOB written CONFIGURE_DEPENDS ${dir}/*.yaml)
    file(GLOB demand CONFIGURE_DEPENDS ${dir}/demand/*.yaml)
    file(GLOB built_in CONFIGURE_DEPENDS ${dir}/built-in/*.yaml)
    set(data "")
    set(rows "")
    set(i 0)
    foreach(f IN LISTS written demand built_in)
        get_filename_component(name ${f} NAME_WLE)
        set(how 0)
        if(f IN_LIST demand)
            set(how 1)
        elseif(f IN_LIST built_in)
            set(how 2)
        endif()
        string(APPEND data
            ".Ln${i}: .asciz \"${name}\"\n"
            ".Lt${i}: .incbin \"${f}\"\n    .byte 0\n")
        # An enum and what pads it, the little end first as everywhere we run.
        string(APPEND rows "    WORD .Ln${i}, .Lt${i}, ${how}\n")
        math(EXPR i "${i} + 1")
    endforeach()
    set(BM_PROFILES_DATA "${data}")
    set(BM_PROFILES_ROWS "${rows}")
    configure_file(${CMAKE_SOURCE_DIR}/tools/cmake/profiles.S.in ${out} @ONLY)
    set_source_files_properties(${out} PROPERTIES
        OBJECT_DEPENDS "${written};${demand};${built_in}")
endfunction()
