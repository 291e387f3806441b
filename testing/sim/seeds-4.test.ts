import { playShare } from "./play-seeds.ts";

playShare(3);
