"""What a scenario can tell the slixmpp peer to do: one function each, its result becomes JSON."""
from xml.etree import ElementTree as ET

import slixmpp
from slixmpp.xmlstream import tostring

TIMEOUT = 25  # seconds to wait for a reply


async def connect(peer, host="", port=5222, direct=False):
    # Given no host, slixmpp looks up the SRV record of the domain. Given a name, it goes to its default port.
    peer.default_port = port
    peer.connect((host, port) if host else None, use_ssl=direct)


async def disconnect(peer):
    await peer.disconnect()


async def own_jid(peer):
    return peer.boundjid.full


async def raw(peer, xml):
    peer.send_raw(xml)


async def presence(peer, type=None, to=None, status=None, priority=None):
    peer.send_presence(ptype=type, pto=to, pstatus=status, ppriority=priority)


async def message(peer, to, body, type="chat", id=None):
    stanza = peer.make_message(mto=to, mbody=body, mtype=type)
    if id:
        stanza["id"] = id
    stanza.send()


async def iq(peer, xml, type="get", to=None):
    """Sends a payload given as XML and returns the whole reply as XML."""
    stanza = peer.make_iq(ito=to, itype=type)
    stanza.append(ET.fromstring(xml))
    return tostring((await stanza.send(timeout=TIMEOUT)).xml)


async def send_iq(peer, xml, type="get", to=None):
    """As iq, without waiting: for requests that end the stream, with a reply or without."""
    stanza = peer.make_iq(ito=to, itype=type)
    stanza.append(ET.fromstring(xml))
    stanza.send(timeout=TIMEOUT).add_done_callback(lambda reply: reply.cancelled() or reply.exception())


async def roster(peer):
    # Not peer.get_roster(): that one asks for a version, and an unchanged roster comes back empty.
    reply = await peer.make_iq_get("jabber:iq:roster").send(timeout=TIMEOUT)
    return {str(jid): {"name": item["name"], "subscription": item["subscription"], "ask": item["ask"],
                       "groups": sorted(item["groups"])}
            for jid, item in reply["roster"]["items"].items()}


async def roster_set(peer, jid, name="", groups=(), subscription=None):
    await peer.update_roster(jid, name=name, groups=list(groups), subscription=subscription, timeout=TIMEOUT)


async def ping(peer, jid):
    return await peer["xep_0199"].ping(slixmpp.JID(jid), timeout=TIMEOUT) >= 0


async def version(peer, jid):
    reply = (await peer["xep_0092"].get_version(jid, timeout=TIMEOUT))["software_version"]
    return {"name": reply["name"], "version": reply["version"], "os": reply["os"]}


async def disco_info(peer, jid, node=None):
    reply = (await peer["xep_0030"].get_info(jid=jid, node=node, timeout=TIMEOUT))["disco_info"]
    return {"features": sorted(reply["features"]),
            "identities": [{"category": i[0], "type": i[1], "name": i[3]} for i in reply["identities"]]}


async def disco_items(peer, jid, node=None):
    reply = (await peer["xep_0030"].get_items(jid=jid, node=node, timeout=TIMEOUT))["disco_items"]
    return [{"jid": str(i[0]), "node": i[1], "name": i[2]} for i in reply["items"]]


async def vcard_set(peer, name):
    card = peer["xep_0054"].make_vcard()
    card["FN"] = name
    await peer["xep_0054"].publish_vcard(card, timeout=TIMEOUT)


async def vcard_get(peer, jid=None):
    return (await peer["xep_0054"].get_vcard(jid, cached=False, timeout=TIMEOUT))["vcard_temp"]["FN"]


async def last_activity(peer, jid):
    reply = (await peer["xep_0012"].get_last_activity(jid, timeout=TIMEOUT))["last_activity"]
    return {"seconds": reply["seconds"], "status": reply["status"]}


async def time(peer, jid):
    reply = (await peer["xep_0202"].get_entity_time(jid, timeout=TIMEOUT))["entity_time"]
    # Texts, because slixmpp 1.8 adds a second Z to the time before it parses it.
    return {name: reply.xml.findtext("{urn:xmpp:time}" + name) for name in ("utc", "tzo")}


async def block(peer, jid):
    await peer["xep_0191"].block([slixmpp.JID(jid)], timeout=TIMEOUT)


async def unblock(peer, jid):
    await peer["xep_0191"].unblock([slixmpp.JID(jid)], timeout=TIMEOUT)


async def blocked(peer):
    return sorted(str(jid) for jid in (await peer["xep_0191"].get_blocked(timeout=TIMEOUT))["blocklist"]["items"])


async def change_password(peer, password):
    await peer["xep_0077"].change_password(password, jid=peer.boundjid.server, timeout=TIMEOUT)


async def carbons(peer, enable=True):
    plugin = peer["xep_0280"]
    await (plugin.enable if enable else plugin.disable)(timeout=TIMEOUT)


async def archive(peer, with_jid=None, start=None, end=None, page=50, reverse=False):
    """All that the archive has of this, page after page, in the order in which the pages and their messages came."""
    history = peer["xep_0313"].iterate(with_jid=with_jid, start=start, end=end, reverse=reverse, rsm={"max": page})
    return [archived(message["mam_result"]) async for message in history]


def archived(result):
    stanza = result["forwarded"]["stanza"]
    return {"id": result["id"], "at": result["forwarded"]["delay"].xml.get("stamp"), "from": str(stanza["from"]),
            "to": str(stanza["to"]), "type": stanza["type"], "body": stanza["body"]}


async def archive_metadata(peer):
    reply = (await peer["xep_0313"].get_archive_metadata(timeout=TIMEOUT))["mam_metadata"]
    return {end: reply[end]["id"] for end in ("start", "end")}


async def archive_preferences(peer):
    default, always, never = await peer["xep_0441"].get_preferences(timeout=TIMEOUT)
    return {"default": default, "always": sorted(map(str, always)), "never": sorted(map(str, never))}


async def archive_preferences_set(peer, default, always=(), never=()):
    await peer["xep_0441"].set_preferences(default=default, always=[slixmpp.JID(jid) for jid in always],
                                           never=[slixmpp.JID(jid) for jid in never], timeout=TIMEOUT)


async def client_state(peer, active):
    """False when the server has not offered to listen, and nothing was sent."""
    plugin = peer["xep_0352"]
    (plugin.send_active if active else plugin.send_inactive)()
    return plugin.enabled


async def request_ack(peer):
    peer["xep_0198"].request_ack()


async def forget_stream(peer, id):
    """Makes the client believe that its stream was called otherwise."""
    peer["xep_0198"].sm_id = id


COMMANDS = {name: function for name, function in list(globals().items()) if callable(function)
            and getattr(function, "__module__", None) == __name__}
