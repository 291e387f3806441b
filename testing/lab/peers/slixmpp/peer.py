"""A slixmpp client that is told what to do on standard input and tells what it sees on standard output.

One JSON object a line, both ways. In: {"id": 1, "do": "ping", "arguments": {"jid": "ours.test"}}.
Out: {"reply": 1, "result": ...} or {"reply": 1, "error": {...}}, and {"event": "message", ...} at any time.
Its first argument is a JSON object of options, see __init__. What goes over the wire is logged on standard error.
"""
import asyncio
import json
import logging
import ssl
import sys

import slixmpp
from slixmpp.exceptions import IqError, IqTimeout
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from commands import COMMANDS, TIMEOUT

PLUGINS = ["xep_0004", "xep_0012", "xep_0030", "xep_0049", "xep_0054", "xep_0059", "xep_0077", "xep_0092", "xep_0191",
           "xep_0198", "xep_0199", "xep_0202", "xep_0203", "xep_0280", "xep_0297", "xep_0313", "xep_0352", "xep_0441"]


def tell(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Peer(slixmpp.ClientXMPP):
    def __init__(self, jid, password, authority, mechanism=None, channelBinding=True, tlsMax=None, certificate=None,
                 key=None, authzid=None, streamManagement=False, register=False, anyCertificate=False):
        super().__init__(jid, password, sasl_mech=mechanism)
        if authzid:
            self.credentials["authzid"] = authzid
        self.ca_certs = None if anyCertificate else authority
        if anyCertificate:
            self.ssl_context.check_hostname = False
            self.ssl_context.verify_mode = ssl.CERT_NONE
        self.certfile, self.keyfile = certificate, key
        if tlsMax:
            self.ssl_context.maximum_version = ssl.TLSVersion[tlsMax]
        # Nothing happens by itself: the scenario decides about subscriptions.
        self.auto_authorize = None
        self.auto_subscribe = False
        for name in PLUGINS:
            if name == "xep_0198" and not streamManagement or name == "xep_0077" and not register:
                continue
            self.register_plugin(name)
        if register:
            self["xep_0077"].force_registration = True
            self._always_send_everything = True  # slixmpp 1.8 holds even the registration back until there is a session
            self.add_event_handler("register", self.on_register)
        if not channelBinding:
            given = self["feature_mechanisms"]._default_credentials
            self["feature_mechanisms"].sasl_callback = lambda required, optional: given(
                required, optional - {"channel_binding"}) | {"channel_binding": None}
        self.listen()

    def listen(self):
        on = self.add_event_handler
        on("session_start", self.on_session)
        on("session_resumed", lambda _: tell(event="resumed"))
        on("sm_enabled", lambda stanza: tell(event="sm-enabled", xml=str(stanza)))
        on("sm_failed", lambda stanza: tell(event="sm-failed", xml=str(stanza)))
        on("stanza_acked", lambda stanza: tell(event="acked", id=stanza["id"]))
        on("failed_auth", lambda stanza: tell(event="auth-failed", condition=stanza["condition"]))
        on("failed_all_auth", lambda _: tell(event="auth-given-up"))
        on("ssl_invalid_chain", lambda error: tell(event="certificate-refused", text=str(error)))
        on("ssl_invalid_cert", lambda error: tell(event="certificate-refused", text=str(error)))
        on("connection_failed", self.on_connection_failed)
        on("stream_error", lambda stanza: tell(event="stream-error", condition=stanza["condition"]))
        on("disconnected", lambda reason: tell(event="disconnected", reason=str(reason)))
        on("roster_update", self.on_roster)
        on("carbon_sent", lambda stanza: self.on_carbon("sent", stanza))
        on("carbon_received", lambda stanza: self.on_carbon("received", stanza))
        for kind, say in (("message", self.on_message), ("presence", self.on_presence)):
            self.register_handler(Callback("lab " + kind, MatchXPath("{jabber:client}" + kind), say))

    def on_session(self, _):
        tls = self.transport.get_extra_info("ssl_object")
        tell(event="online", jid=self.boundjid.full, mechanism=self["feature_mechanisms"].mech.name,
             tls=tls.version() if tls else None)

    def on_connection_failed(self, error):
        if isinstance(error, ssl.SSLError):
            tell(event="certificate-refused", text=str(error))
        else:
            tell(event="connection-failed", text=str(error))
        self.cancel_connection_attempt()

    def on_message(self, stanza):
        delay = stanza["delay"]
        tell(event="message", id=stanza["id"], type=stanza["type"], body=stanza["body"], subject=stanza["subject"],
             to=str(stanza["to"]), delayed=str(delay["stamp"]) if stanza.get_plugin("delay", check=True) else None,
             error=stanza["error"]["condition"] if stanza["type"] == "error" else None, xml=str(stanza),
             **{"from": str(stanza["from"])})

    def on_carbon(self, direction, stanza):
        copied = stanza["carbon_" + direction]
        tell(event="carbon", direction=direction, to=str(copied["to"]), body=copied["body"], type=copied["type"],
             **{"from": str(copied["from"])})

    def on_presence(self, stanza):
        tell(event="presence", type=stanza["type"], status=stanza["status"], priority=stanza["priority"],
             xml=str(stanza), **{"from": str(stanza["from"])})

    def on_roster(self, iq):
        for jid, item in iq["roster"]["items"].items():
            tell(event="roster", jid=str(jid), name=item["name"], subscription=item["subscription"],
                 ask=item["ask"], push=iq["type"] == "set")

    async def on_register(self, form):
        iq = self.make_iq_set()
        iq["register"]["username"] = self.boundjid.user
        iq["register"]["password"] = self.password
        try:
            await iq.send(timeout=TIMEOUT)
            tell(event="registered")
        except (IqError, IqTimeout) as error:
            tell(event="register-failed", **described(error))
            self.disconnect()


def described(error):
    if isinstance(error, IqTimeout):
        return {"condition": "timeout", "text": "no reply in time"}
    stanza = error.iq["error"]
    return {"condition": stanza["condition"], "type": stanza["type"], "text": stanza["text"]}


async def obey(peer, line):
    order = json.loads(line)
    try:
        result = await COMMANDS[order["do"]](peer, **order.get("arguments", {}))
        tell(reply=order["id"], result=result)
    except (IqError, IqTimeout) as error:
        tell(reply=order["id"], error=described(error))
    except Exception as error:
        logging.exception("the order failed")
        tell(reply=order["id"], error={"condition": "exception", "text": repr(error)})


async def main():
    loop = asyncio.get_running_loop()
    peer = Peer(**json.loads(sys.argv[1]))
    lines = asyncio.StreamReader(limit=2**22)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    tell(event="ready")
    tasks = set()  # asyncio itself keeps only weak references
    while line := await lines.readline():
        task = asyncio.ensure_future(obey(peer, line))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    peer.abort()


logging.basicConfig(level=logging.DEBUG, stream=sys.stderr, format="%(asctime)s %(message)s")
asyncio.run(main())
