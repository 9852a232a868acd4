# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154

act_gateway()
{
    act 'A gateway' \
        'A Linux device, with the same code. Its keys are born in a TPM, which they do' \
        'not leave: who copies its disk has nothing.'
    mkdir tpm
    note '$ swtpm socket --tpm2 ... &   # a TPM in software'
    in_background logs/swtpm swtpm socket --tpm2 --tpmstate dir=tpm \
        --server type=unixio,path=tpm/sock \
        --ctrl type=unixio,path=tpm/sock.ctrl \
        --flags not-need-init,startup-clear
    await test -S tpm/sock
    (
        umask 077
        birthmark token create --dir site --profile gateway --device GW-1 \
            > gw-1.token
    )
    cat > gw-1.yaml << END
version: 1
server:
  url: https://localhost:$devices
  label: gateway
  anchors: $dir/site/ca/root.pem
state: $dir/gw-1
device:
  name: GW-1
  token_file: $dir/gw-1.token
keys:
  uri: tpm2:0x81020100
  tcti: swtpm:path=$dir/tpm/sock
END
    run cat gw-1.yaml
    run birthmark-agent --config gw-1.yaml enroll
    note '$ birthmark-agent --config gw-1.yaml run &'
    in_background logs/agent birthmark-agent --config gw-1.yaml run
    await agent_trusts
    run birthmark-agent --config gw-1.yaml status
}

agent_trusts()
{
    birthmark-agent --config gw-1.yaml status |
        grep -q '^trust bundle version *[1-9]'
}
