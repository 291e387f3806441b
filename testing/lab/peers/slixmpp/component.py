"""A slixmpp component that answers every message with the same text, and tells what it sees on standard output.

Its first argument is a JSON object: domain, secret, host, port. One JSON object a line comes out. It answers pings and
service discovery as slixmpp does by itself, in the name of every address at its domain that is asked.
"""
import asyncio
import json
import logging
import sys

import slixmpp


def tell(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Echo(slixmpp.ComponentXMPP):
    def __init__(self, domain, secret, host, port):
        super().__init__(domain, secret, host, port)
        for name in ("xep_0030", "xep_0092", "xep_0199"):
            self.register_plugin(name)
        self["xep_0030"].add_identity(category="gateway", itype="lab", name="Echo")
        on = self.add_event_handler
        on("session_start", lambda _: tell(event="online"))
        on("disconnected", lambda reason: tell(event="disconnected", reason=str(reason)))
        on("stream_error", lambda stanza: tell(event="stream-error", condition=stanza["condition"]))
        on("message", self.on_message)

    def on_message(self, message):
        tell(event="message", type=message["type"], body=message["body"], to=str(message["to"]),
             **{"from": str(message["from"])})
        if message["type"] != "error":
            self.send_message(mto=message["from"], mfrom=message["to"], mbody=message["body"], mtype="chat")


async def main():
    given = json.loads(sys.argv[1])
    component = Echo(**given)
    component.connect()
    await asyncio.get_running_loop().create_future()


logging.basicConfig(level=logging.DEBUG, stream=sys.stderr, format="%(asctime)s %(message)s")
asyncio.run(main())
