# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154

act_hierarchy()
{
    act 'The hierarchy' \
        'The certificates come back on a stick. A factory CA for births, an issuing CA' \
        'for the field, one for people and servers: what is lost with one of them is' \
        'not lost with the others. birthmarkd serves them, each task a process of its' \
        'own in a sandbox, and only one of those can reach a CA key.'
    run birthmark ca install --dir site stick/*.pem
    run birthmark ca crl --dir site --import stick/*.crl
    birthmark bundle make --dir site > logs/bundle
    settle
    run birthmark ca list --dir site
    for ca in factory issuing operations; do
        openssl verify -x509_strict -CAfile site/ca/root.pem site/ca/$ca.pem
    done
    note '$ birthmarkd --config site/birthmark.yaml &'
    in_background logs/birthmarkd birthmarkd --config site/birthmark.yaml
    service=$!
    await curl -sf --cacert site/ca/root.pem \
        "https://localhost:$devices/.well-known/est/cacerts"
    await curl -sf "http://localhost:$public/healthz"
    rooms
}

# What a site decides: where it listens, which CA births are by, profiles.
settle()
{
    {
        printf '\nlisten:\n  devices: 127.0.0.1:%s\n' "$devices"
        printf '  operators: 127.0.0.1:%s\n  public: 127.0.0.1:%s\n' \
            "$operators" "$public"
        printf '  metrics: 127.0.0.1:%s\n' "$metrics"
        # Boards ask every second here, and not once a day.
        printf '\nlimits:\n  identity: 6000\n'
        if [ "$(id -u)" -eq 0 ]; then
            echo 'user: root'
        fi
    } >> site/birthmark.yaml
    sed -i "s|^public_url:.*|public_url: http://localhost:$public|" \
        site/birthmark.yaml
    sed -i 's/^ca: .*/ca: factory/' site/profiles/ieee-802.1ar-idevid.yaml
    birthmark profile show policy-signing > site/profiles/policy-signing.yaml
    sed 's/one_active: true/&\n  fork: suspend/' \
        "$top/examples/first-device/node.yaml" > site/profiles/node.yaml
    cp "$top/examples/first-gateway/gateway.yaml" site/profiles/
}

# The processes of the service.
rooms()
{
    show ps -o pid,rss,args --ppid "$service"
    ps -o pid=,rss=,args= --ppid "$service" | sed 's/ --config.*//'
}
