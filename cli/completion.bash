# SPDX-License-Identifier: Apache-2.0
# Completion for bash; installed as .../bash-completion/completions/birthmark.
# The program itself says what there is: its help is made from its tables.

_birthmark()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local noun=${COMP_WORDS[1]} verb=${COMP_WORDS[2]} words=

    case $COMP_CWORD in
    1) words="help --version
        $(birthmark help 2> /dev/null | sed -n 's/^  birthmark \([a-z]*\) .*/\1/p')" ;;
    2) words="--help $(birthmark "$noun" --help 2> /dev/null |
        sed -n 's/^  birthmark [a-z]* \([a-z]*\) .*/\1/p')" ;;
    *)
        case $before in
        --type) words="p256 p384 ed25519 rsa2048 rsa3072 rsa4096" ;;
        --model) words="now issuance" ;;
        --security-counter) words="auto" ;;
        --align) words="1 2 4 8 16 32" ;;
        --purpose) words="serverAuth clientAuth codeSigning emailProtection
            timeStamping OCSPSigning cmcRA" ;;
        --profile) words=$(birthmark profile list 2> /dev/null |
            sed 's/ .*//') ;;
        --reason) words="unspecified keyCompromise affiliationChanged superseded
            cessationOfOperation certificateHold privilegeWithdrawn" ;;
        --status) words="valid pending replaced held revoked expired abandoned" ;;
        --roles) words="administrator registrar auditor factory read-only" ;;
        --state) words="pending approved rejected issued lapsed" ;;
        --mode) words="normal lockdown repair" ;;
        --at | --percent | --host | --id | --organisation | --ecosystem | --policy | --max | --org | --device | --subject | \
            --not-after | --expires | --expires-before | --invalid-since | \
            --after | --limit | --ca | --url | --threshold | --custodian | \
            --shares | --name | --series | --above | --version | \
            --header-size | --slot-size | --dependencies | --boot-record | \
            --load-addr | --resolve | --mac | --subnet | --table | --rom-fixed | --sbom-uri | --epoch | --baud | --address) return ;;
        *)
            if [[ $noun/$verb == profile/show && $word != -* ]]; then
                words=$(birthmark profile list 2> /dev/null | sed 's/ .*//')
            elif [[ $word == -* && " init doctor backup restore " == *" $noun "* ]]; then
                words=$(birthmark "$noun" --help 2> /dev/null |
                    sed -n 's/^  \(--[a-z-]*\).*/\1/p')
            elif [[ $word == -* ]]; then
                words=$(birthmark "$noun" "$verb" --help 2> /dev/null |
                    sed -n 's/^  \(--[a-z-]*\).*/\1/p')
            fi
            ;;
        esac
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o default -F _birthmark birthmark
