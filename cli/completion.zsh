#compdef birthmark
# SPDX-License-Identifier: Apache-2.0
# Completion for zsh; installed as _birthmark where zsh looks. The program itself
# says what there is: its help is made from its tables.

# Lines "  PREFIX NAME ...", each with the line below it, as "NAME:what it does".
_birthmark_table()
{
    local prefix=$1
    shift
    birthmark "$@" --help 2> /dev/null | awk -v prefix="  $prefix " '
        index($0, prefix) == 1 {
            name = substr($0, length(prefix) + 1); sub(/ .*/, "", name)
            if (name !~ /^[a-z]/) { next }
            getline; sub(/^ */, ""); gsub(/:/, "\\:"); print name ":" $0
        }'
}

# Options as _arguments wants them: "*--name[what it does]:ARG:action".
_birthmark_options()
{
    birthmark "$@" --help 2> /dev/null | awk -v words="$bm_words" '
        BEGIN {
            while ((getline line < words) > 0) {
                if (match(line, /^--[a-z-]*: /)) {
                    value[substr(line, 1, RLENGTH - 2)] = substr(line, RLENGTH + 1)
                }
            }
        }
        /^  --/ {
            name = $1
            # The argument stands one blank behind its option, the help more.
            rest = substr($0, 3 + length(name))
            arg = rest ~ /^ [^ ]/ ? $2 : ""
            help = rest
            if (arg != "") { help = substr(rest, 2 + length(arg)) }
            sub(/^ */, "", help)
            gsub(/[][]/, "", help); gsub(/:/, "\\:", help); gsub(/:/, "\\:", arg)
            gsub(/[][]/, "", arg)
            action = ""
            if (arg ~ /FILE|DIR|URI/) { action = "_files" }
            if (name in value) { action = "(" value[name] ")" }
            if (name == "--profile") { action = "_birthmark_profiles" }
            if (action == "") { action = " " }
            print "*" name "[" help "]" (arg == "" ? "" : ":" arg ":" action)
        }'
}

_birthmark_profiles()
{
    local -a names
    names=(${(f)"$(birthmark profile list 2> /dev/null | sed 's/ .*//')"})
    compadd -a names
}

_birthmark()
{
    local bm_words=${BIRTHMARK_WORDS:-${_birthmark_share}/completion.words}
    local noun=$words[2]
    local -a found options

    if (( CURRENT == 2 )); then
        found=(${(f)"$(_birthmark_table birthmark)"}
            'help:what there is' '--version:print the version')
        _describe command found
        return
    fi
    found=(${(f)"$(_birthmark_table "birthmark $noun" $noun)"})
    if (( $#found && CURRENT == 3 )); then
        found+=('--help:what the verbs do')
        _describe verb found
        return
    fi
    if (( $#found )); then
        options=(${(f)"$(_birthmark_options $noun $words[3])"})
        (( CURRENT -= 1 ))
        shift words
    else
        options=(${(f)"$(_birthmark_options $noun)"})
    fi
    (( CURRENT -= 1 ))
    shift words
    _arguments $options '*:file:_files'
}

# Loaded as a function: this file's own place is where its words are found.
_birthmark_share=${${(%):-%x}:A:h:h:h}/birthmark
_birthmark "$@"
