import { playDesktop } from "../desktop-play.ts";
import { GajimPeer } from "../peers/gajim.ts";

playDesktop("Gajim", async (options) => await GajimPeer.start(options));
