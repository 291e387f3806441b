// The load's own process. node bench/load/load.ts JSON: runs one scenario against a server and prints its figures.
import { scenarios } from "../scenarios/all.ts";
import { listenerPid } from "../process-figures.ts";
import { parseOrder } from "./order.ts";

const order = parseOrder(process.argv[2]);
const scenario = scenarios.find((candidate) => candidate.name === order.scenario);
if (scenario === undefined) throw new Error(`there is no scenario "${order.scenario}"`);
const figures = await scenario.run(order.goal, listenerPid(order.goal.port));
process.stdout.write(JSON.stringify(figures), () => process.exit(0)); // hundreds of sockets are still open: not a reason to stay
