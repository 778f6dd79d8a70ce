"""How often a way out of the network namespace was looked for: the kernel's own counters of packets without a route."""


class Counters:
    """Opened in the namespace, and read from wherever this process is later."""

    def __init__(self):
        self.ip = open("/proc/self/net/snmp", encoding="ascii")  # noqa: SIM115
        self.ip6 = open("/proc/self/net/snmp6", encoding="ascii")  # noqa: SIM115

    def read(self):
        self.ip.seek(0)
        names, values = [line.split()[1:] for line in self.ip if line.startswith("Ip:")]
        self.ip6.seek(0)
        six = dict(line.split()[:2] for line in self.ip6)
        return {
            "Ip OutNoRoutes": int(dict(zip(names, values))["OutNoRoutes"]),
            "Ip6OutNoRoutes": int(six.get("Ip6OutNoRoutes", 0)),
        }
