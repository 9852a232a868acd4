# SPDX-License-Identifier: Apache-2.0
"""What the stories share: one site, one maker, servers with a certificate, and
nodes that know of them. Each is made when the first story asks for it.
"""
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
