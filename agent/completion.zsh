#compdef birthmark-agent
# SPDX-License-Identifier: Apache-2.0
# Completion for zsh; installed as _birthmark-agent where zsh looks. The program
# itself says what there is.
local -a commands options
commands=(${(f)"$(birthmark-agent --help 2> /dev/null | awk '
    /^  birthmark-agent / { name = $2; getline; sub(/^ */, "")
        gsub(/:/, "\\:"); print name ":" $0 }')"})
options=(${(f)"$(birthmark-agent --help 2> /dev/null | awk '
    /^  --/ { name = $1; $1 = ""; sub(/^ /, "")
        file = sub(/^FILE /, ""); gsub(/[][]/, ""); gsub(/:/, "\\:")
        print name "[" $0 "]" (file ? ":FILE:_files" : "") }')"})
_arguments $options '1:command:(('"${(j: :)${(q)commands}}"'))' '2:name: '
