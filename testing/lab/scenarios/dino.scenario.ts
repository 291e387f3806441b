import { playDesktop } from "../desktop-play.ts";
import { DinoPeer } from "../peers/dino.ts";

playDesktop("Dino", async (options) => await DinoPeer.start(options));
