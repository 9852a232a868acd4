# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154

# What bots of this kind look for: telnet, ssh, web, what routers are managed
# by, debuggers of cameras and set-top boxes; and the one that is open here.
doors='22 23 80 81 443 2323 4433 5555 7547 8080 8443 9000 37215 52869 60001'

act_attack()
{
    act 'An attack' \
        'A bot of the Mirai family has got into the network. It looks who is there, and' \
        'knocks where such devices are open. What the policy does not name is dropped,' \
        'without an answer, and the owner is told. The one port that is open leads to a' \
        'handshake that the bot has no certificate for.'
    # shellcheck disable=SC2086 # a list
    must_say '10.0.2.15: 15 ports asked, open: 4433$' bot "$wire" $doors
    grep -q '10.0.2.16: 15 ports asked, open: 4433$' said ||
        fail 'the other board is open, or not there'
    note 'Through the port that is open, without a certificate, and with its own:'
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout bot.key -subj /serialNumber=SN-2 -out bot.pem 2>> logs/openssl
    intrude
    intrude -cert bot.pem -key bot.key
    note 'What the owner has on record of it:'
    await is_dropped SN-1 'rule=telnet peer=10.0.2.66'
    run birthmark device events --dir site --device SN-1 |
        grep 'dropped.*10.0.2.66'
    note 'And the board goes on with its work:'
    count=$(grep -c '^node: report' SN-1.console)
    await more_reports "$count"
    tail -n 1 SN-1.console
}

# intrude OPTION...: a handshake, and a question, which have to come to nothing.
intrude()
{
    count=$(refusals)
    show openssl s_client -quiet -connect "127.0.0.1:$sn1" "$@"
    echo READ | openssl s_client -quiet -connect "127.0.0.1:$sn1" "$@" \
        > intruder 2> logs/intruder || true
    await refused_more_than "$count"
    if [ -s intruder ]; then
        fail "the bot was answered: $(cat intruder)"
    fi
    grep '^node: refused peer' SN-1.console | tail -n 1 | sed 's/^node:/SN-1 │/'
}

refusals()
{
    grep -c '^node: refused peer side=server' SN-1.console || true
}

refused_more_than()
{
    [ "$(refusals)" -gt "$1" ]
}

is_dropped()
{
    birthmark device events --dir site --device "$1" | grep -q "dropped.*$2"
}

more_reports()
{
    [ "$(grep -c '^node: report' SN-1.console)" -gt "$1" ]
}
