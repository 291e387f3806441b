import type { Metrics } from "#server/metrics.ts";
import type { RunningServer, ServerObserver } from "#server/server.ts";

/** Lets the metrics see what the server does. */
export function observerOf(metrics: Metrics): ServerObserver {
  return {
    tally: metrics.tally,
    limitHit: (limit) => metrics.limitHit(limit),
    connectionRefused: (limit) => metrics.limitHit(limit),
    loginSucceeded: (mechanism) => metrics.loginSucceeded(mechanism),
    loginFailed: (mechanism, condition) => metrics.loginFailed(mechanism, condition),
    streamClosed: (condition) => metrics.streamClosed(condition),
    handshakeFailed: (code) => metrics.handshakeFailed(code),
    counted: (what, by) => metrics.featureCounted(what, by),
    routeFailed: (kind) => metrics.routeFailed(kind),
    returned: (condition) => metrics.returned(condition),
    streamBroke: (fates) => metrics.streamBroke(fates),
  };
}

/** What is read off the running server whenever somebody asks for the metrics. */
export function measure(metrics: Metrics, { core, connections, certificates, store }: RunningServer): void {
  metrics.gauge("connections", "Connections open.", () => connections.total);
  metrics.gauge("sessions", "Clients logged in, those included that may still resume.", () =>
    core.registry.countSessions(),
  );
  const { components } = core;
  metrics.gauge("components_connected", "External components that are connected.", () => {
    const states = [...components.all.values()].map(({ presence }) => presence.state);
    return states.filter((state) => state === "connected").length;
  });
  metrics.counted(
    "balcony_component_stanzas_received_total",
    "Stanzas that components sent.",
    () => components.tally.stanzasReceived,
  );
  metrics.counted(
    "balcony_component_stanzas_sent_total",
    "Stanzas that components were sent.",
    () => components.tally.stanzasSent,
  );
  measureFederation(metrics, core);
  metrics.counted("balcony_store_commits_total", "Commits asked of the store.", () => store.health.commits);
  metrics.counted(
    "balcony_store_transactions_total",
    "Transactions that they were grouped into.",
    () => store.health.groups,
  );
  metrics.counted("balcony_store_reads_total", "Reads asked of the store.", () => store.health.reads);
  metrics.counted("balcony_store_failures_total", "Commits and reads that failed.", () => store.health.failures);
  metrics.gauge("store_commits_pending", "Commits that are not durable yet.", () => store.health.commitsPending);
  metrics.gauge("store_reads_pending", "Reads that are not answered yet.", () => store.health.readsPending);
  metrics.counted(
    "balcony_search_rows_indexed_total",
    "Archive rows whose text was indexed.",
    () => store.health.textIndex.rowsIndexed,
  );
  metrics.gauge(
    "search_rows_waiting",
    "Archive rows that cannot be found yet.",
    () => store.health.textIndex.rowsWaiting,
  );
  metrics.gauges("certificate_days_left", "Days until the certificate of a host expires.", "host", () =>
    certificates.expiry().map(({ domain, days }) => [domain, days] as const),
  );
}

/** What goes on between this server and others. */
function measureFederation(metrics: Metrics, { federation, outgoing }: RunningServer["core"]): void {
  if (federation === undefined) return;
  metrics.gauge(
    "server_streams",
    "Streams with other servers, those included that were cut and may be resumed.",
    () => federation.streams.size,
  );
  metrics.gauge("server_connections", "Connections with other servers.", () => federation.links.size);
  metrics.gauge(
    "server_pairs",
    "Pairs of a domain of ours and one elsewhere that something was sent for lately.",
    () => federation.routes.size,
  );
  metrics.gauge(
    "server_stanzas_waiting",
    "Stanzas that wait for a way to other servers.",
    () => federation.waiting.stanzas,
  );
  metrics.gauge("server_bytes_waiting", "What they take, in bytes.", () => federation.waiting.bytes);
  metrics.gauge(
    "outgoing_rows",
    "Messages that wait for their way out of this server and are written down.",
    () => outgoing.rows,
  );
}
