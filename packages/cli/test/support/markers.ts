/** A little of what a rollout's markers say, put into a log that knew of none. */
export function withMarkers(log: string): string {
  const lines = log.trimEnd().split("\n");
  const { reference } = JSON.parse(lines[0] ?? "") as { reference: { wall: string } };
  const epochMs = Date.parse(`${reference.wall.slice(0, 23)}Z`);
  const marker = (name: string, ms: number): string =>
    JSON.stringify({
      kind: "rollout.marker",
      seq: 1,
      t: ms * 1e6,
      u: 0,
      source: "termination.log",
      backend: "master-<0>",
      marker: name,
      saidAt: new Date(epochMs + ms).toISOString(),
      resolutionNs: 1_000,
      detail: null,
    });
  const at = lines.findIndex((line) => line.includes('"kind":"tcp.connect.started"'));
  const markers = [marker("termination.started", 5), marker("delay.finished", 10), marker("terminated", 20)];
  return `${[...lines.slice(0, at), ...markers, ...lines.slice(at)].join("\n")}\n`;
}
