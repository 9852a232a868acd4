# SPDX-License-Identifier: Apache-2.0
# Completion for bash; installed as .../bash-completion/completions/birthmark.
# The program itself says what there is: its help is made from its tables.

# What the help of the words says that matches a pattern of sed.
_birthmark_help()
{
    local pattern=$1
    shift
    birthmark "$@" --help 2> /dev/null | sed -n "s/^  $pattern.*/\1/p"
}

# What may follow an option, by its name and its argument's in the help.
_birthmark_value()
{
    local option=$1 arg=$2
    local share=${BASH_SOURCE[0]%/*}/../../birthmark

    case $option in
    --profile) birthmark profile list 2> /dev/null | sed 's/ .*//' ;;
    *) sed -n "s/^$option: //p" "${BIRTHMARK_WORDS:-$share/completion.words}" \
        2> /dev/null ;;
    esac
    # Names of files are for bash itself; of other words nobody knows more.
    case $arg in
    *FILE* | *DIR* | *URI*) ;;
    *) compopt +o default 2> /dev/null ;;
    esac
}

_birthmark()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local noun=${COMP_WORDS[1]} words= arg
    local -a command=("$noun")

    if [[ $COMP_CWORD -eq 1 ]]; then
        words="help --help --version
            $(_birthmark_help 'birthmark \([a-z]*\) ')"
    else
        words=$(_birthmark_help 'birthmark [a-z]* \([a-z-]*\) ' "$noun")
        # A noun without verbs has options; others have them behind the verb.
        if [[ -n $words && $COMP_CWORD -eq 2 ]]; then
            words="$words --help"
        else
            [[ -z $words ]] || command+=("${COMP_WORDS[2]}")
            words=
            if [[ $before == --* ]]; then
                arg=$(_birthmark_help "$before \([^ ][^ ]*\) " "${command[@]}")
            fi
            if [[ -n $arg ]]; then
                words=$(_birthmark_value "$before" "$arg")
            elif [[ $word == -* ]]; then
                words=$(_birthmark_help '\(--[a-z0-9-]*\)' "${command[@]}")
            elif [[ ${command[*]} == 'profile show' ]]; then
                words=$(birthmark profile list 2> /dev/null | sed 's/ .*//')
            fi
        fi
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o default -F _birthmark birthmark
