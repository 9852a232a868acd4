# SPDX-License-Identifier: Apache-2.0
# Completion for bash; installed as .../bash-completion/completions/
# birthmark-agent. The program itself says what there is.

_birthmark_agent()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local words=

    case $before in
    --config) return ;;
    esac
    if [[ $word == -* ]]; then
        words=$(birthmark-agent --help 2> /dev/null |
            sed -n 's/^  \(--[a-z-]*\).*/\1/p')
    else
        words=$(birthmark-agent --help 2> /dev/null |
            sed -n 's/^  birthmark-agent \([a-z]*\).*/\1/p')
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o default -F _birthmark_agent birthmark-agent
