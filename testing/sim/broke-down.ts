/** What a scenario ends with that came to no end: of the simulator's own, or of the server's. */
export function brokeDown(error: unknown): string {
  return `the simulation broke down: ${error instanceof Error ? error.stack : String(error)}`;
}
