# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154

act_talk()
{
    act 'They talk' \
        'To a broker, over TLS 1.3 in 64 KB of RAM; to each other, without a server in' \
        'between. Each side shows who it is, and there is no password to steal. That' \
        'devices may talk to each other is a policy of their firewall, which two people' \
        'have agreed to and which is delivered as firmware is: until then, they may not.'
    told SN-1 'report via=mqtt'
    await grep -q 'PUBLISH.*SN-1' logs/mosquitto
    grep -m 1 -o "Received PUBLISH.*SN-1.*" logs/mosquitto
    gateway_listens
    policy_signer
    run cat peers.yaml
    run birthmark policy explain peers.yaml in tcp port=23 peer=10.0.2.66
    run birthmark policy sign --dir maker --key file:policies.key --cert \
        policies.crt --out peers.policy peers.yaml
    run birthmark release create --dir site --policy peers.policy peers-2
    for name in SN-1 SN-2; do
        run birthmark release assign --dir site --device $name peers-2
    done
    for name in SN-1 SN-2; do
        told $name 'policy trial'
        told $name 'policy confirmed'
    done
    power_off SN-2
    power_on SN-2 peer=10.0.2.15:4433 name=SN-1
    told SN-2 'peer to=SN-1'
    told SN-1 'peer from=SN-2'
    note 'The gateway asks SN-1 as well; it is its TPM that signs:'
    show peer gw-1.yaml connect 127.0.0.1 "$sn1" SN-1
    # A board that is busy with two sessions has no memory for a third.
    await ask_sn1
    cat answer
    told SN-1 'peer from=GW-1'
}

# Through a socket of the gateway: its clients show no certificate there, and
# need to know nothing of TPMs.
gateway_listens()
{
    note 'The gateway hears it. Its client of MQTT cannot sign in a TPM; the agent can:'
    note "\$ systemd-socket-activate -a --inetd -l $dir/broker \\
      birthmark-agent --config gw-1.yaml connect 127.0.0.1:$mqtt &"
    in_background logs/door systemd-socket-activate -a --inetd \
        -l "$dir/broker" "$dir/bin/birthmark-agent" --config gw-1.yaml \
        connect "127.0.0.1:$mqtt"
    await test -S broker
    run mosquitto_sub --unix broker -i GW-1 -v -C 1 -t things/+/temperature
    run mosquitto_pub --unix broker -i GW-1 -t things/serialNumber=GW-1/heard \
        -m SN-1
    await grep -q 'PUBLISH.*GW-1/heard' logs/mosquitto
    grep -o 'Received PUBLISH.*GW-1/heard.*' logs/mosquitto
}

ask_sn1()
{
    echo READ | peer gw-1.yaml connect 127.0.0.1 "$sn1" SN-1 > answer \
        2> logs/peer && [ -s answer ]
}

# A key and a certificate, which a second operator has agreed to.
policy_signer()
{
    run birthmark image keygen --dir maker --out policies.pub \
        file:policies.key
    run birthmark image request --dir maker --subject CN=Policies \
        --out policies.csr file:policies.key
    run birthmark cert issue --dir site --profile policy-signing \
        --csr policies.csr --out policies.crt || true
    request=$(birthmark request list --dir site --json |
        sed 's/.*"id": *"\{0,1\}\([^",]*\).*/\1/')
    run birthmark request approve "${api[@]}" --identity grace.who "$request"
    run birthmark cert issue --dir site --profile policy-signing \
        --csr policies.csr --out policies.crt
    cat site/ca/operations.pem >> policies.crt
    cat > peers.yaml << END
policy: peers
version: 2
floor: 1
flows: 8
builtin:
- {name: arp, modes: [normal, lockdown, repair]}
rules:
- {name: owner, direction: out, protocol: tcp, port: $devices,
   peer: 10.0.2.2, verdict: allow, modes: [normal, lockdown, repair]}
- {name: broker, direction: out, protocol: tcp, port: $mqtt,
   peer: 10.0.2.2, verdict: allow}
- {name: peers, direction: [in, out], protocol: tcp, port: 4433,
   peer: subnet, verdict: allow}
- {name: telnet, direction: in, protocol: tcp, port: [23, 2323],
   verdict: drop, log: count}
END
}
