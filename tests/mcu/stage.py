# SPDX-License-Identifier: Apache-2.0
"""What the stories share: one site, one maker, servers with a certificate, and
nodes that know of them. Each is made when the first story asks for it.
"""
import os

import node as nodes
import world
from service import wait_until

# Seconds between readings, and between questions to the owner's server.
INTERVAL, REFRESH = 2, 2
PEER_PORT = 4433


class Stage:
    def __init__(self):
        self.made = {}

    def get(self, what, make):
        if what not in self.made:
            self.made[what] = make()
        return self.made[what]

    @property
    def maker(self):
        return self.get("maker", lambda: nodes.Maker(FOLDER))

    @property
    def site(self):
        return self.get("site", lambda: world.Site().start())

    @property
    def factory(self):
        """Another maker, whom the owner of the site takes devices of."""
        return self.get("factory", lambda: world.Factory().start().known_to(
            self.site))

    @property
    def key(self):
        """Of every server that is in order."""
        return self.get("key", lambda: world.ServerKey(".", "server",
                                                       self.site.above))

    @property
    def sink(self):
        return self.get("sink", lambda: world.Sink(
            self.site, self.key,
            self.site.put_lists("sink-lists.pem")).__enter__())

    @property
    def broker(self):
        return self.get("broker", lambda: world.Broker(
            self.site, self.key).__enter__())

    # -- policies

    def policy(self, version, *rules, floor=1, site=None, owner=True):
        """The path of a signed policy: with the way to the owner's server (at
        that port; False: without), in each mode, and that to the services in
        normal; and `rules` more, in the language's words."""
        site = site or self.site
        modes = ", modes: [normal, lockdown, repair]"
        out = "{name: %s, direction: out, protocol: tcp, peer: " + world.HOST \
            + ", port: %s, verdict: allow%s}"
        lines = [out % ("reports", "[%d, %d]" % (self.sink.port,
                                                 self.broker.port), "")]
        if owner:
            lines += [out % ("owner", site.ports["devices"]
                             if owner is True else owner, modes)]
        name = "policy-%d-%s" % (version, os.urandom(4).hex())
        return site.policy(self.maker.where, name, "\n".join(
            ["policy: story", "version: %d" % version, "floor: %d" % floor,
             "flows: 8", "builtin:", "- {name: arp%s}" % modes, "rules:"] +
            ["- " + line for line in lines + list(rules)]) + "\n")

    def deliver(self, n, name, policy, site=None):
        """A release with that policy, for one node."""
        site = site or self.site
        site.command("release", "create", name, "--policy", policy)
        site.command("release", "assign", name, "--device", n.name)

    def open_to_peers(self, n, site=None):
        """Until it is, a node talks to servers alone, and nobody to it."""
        with n.begin() as start:
            self.deliver(n, "peers-" + n.name, self.policy(
                2, "{name: peers, direction: [in, out], protocol: tcp, port: "
                "%d, peer: subnet, verdict: allow}" % PEER_PORT, site=site),
                site)
            start.wait("policy confirmed", version=2)
        return n

    def close(self):
        for what in ("sink", "broker", "site", "factory", "other site"):
            if what in self.made:
                self.made[what].__exit__(None, None, None)

    # -- nodes

    def settings(self, name, **more):
        """What the factory's station tells a node: arguments of provision.py;
        `more` instead of some of them, None for absent. `token` is secret."""
        site = more.pop("site", self.site)
        birth = more.pop("birth", site)
        here = world.HOST + ":%d"
        found = {
            "device": name,
            "factory": here % birth.ports["devices"] + "/" + world.BIRTH,
            "factory_anchor": birth.root,
            "token": birth.token(name, world.BIRTH),
            "owner": here % site.ports["devices"] + "/" +
                     more.pop("profile", world.NODE),
            "owner_anchor": site.root,
            "https": here % self.sink.port + "/readings/" + name,
            "mqtt": here % self.broker.port + "/things/serialNumber=%s/reading"
                    % name,
            "address": "10.0.2.15/24", "gateway": world.HOST,
            "peer_port": PEER_PORT, "interval": INTERVAL, "refresh": REFRESH,
        }
        found.update(more)
        return {key: value for key, value in found.items()
                if value is not None}

    def node(self, name, version="1.0.0", **more):
        """A new node, provisioned."""
        made = nodes.Node(self.maker, name, version)
        made.provision(self.settings(name, **more))
        return made

    def active(self, name, *words, **more):
        """A new node, until it is active; then it is off."""
        made = self.node(name, **more)
        made.run("until=active", *words)
        site = more.get("site", self.site)
        wait_until(name + " is active", lambda: site.state(name) == "active")
        return made


FOLDER = None
STAGE = Stage()
