import { latestEdition } from "./generate-scenario.ts";

/** In what kind of world a seed is played. */
export interface WorldKind {
  readonly servers: number;
  readonly component: boolean;
  /** How its scenario is made; see `generateScenario`. */
  readonly edition: number;
}

/** What plays a seed again. */
export function commandFor(seed: number, { servers, component, edition }: WorldKind): string {
  const words = [
    ...(servers === 1 ? [] : [`--servers ${servers}`]),
    ...(component ? ["--component"] : []),
    ...(edition === latestEdition ? [] : [`--edition ${edition}`]),
  ];
  return [`npm run sim -- --seed ${seed}`, ...words].join(" ");
}
