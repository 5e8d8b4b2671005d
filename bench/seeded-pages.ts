import type { SeededFacts } from "./seeded-facts";

/** A page as one of the two sees it. `mostMs` is what its 95th percentile may be. */
export type SeededPage = { who: "owner" | "member"; path: string; name: string; mostMs: number };

const PAGE_MS = 150;
const LOG_MS = 100;

/** Every page, in every range, with each way of grouping, measuring and filtering. */
export function seededPages(facts: SeededFacts, now: Date): SeededPage[] {
  const day = (ago: number) => new Date(now.getTime() - ago * 86_400_000).toISOString().slice(0, 10);
  const custom = (first: number, last: number) => `range=custom&from=${day(first)}&to=${day(last)}`;
  const model = `model=${encodeURIComponent(facts.rareModel)}`;

  const ranges = ["1h", "6h", "24h", "7d", "30d", "90d", "1y"].map((range) => `range=${range}`);
  const usage = [
    ...ranges,
    custom(45, 12),
    custom(20, 19),
    custom(80, 80),
    custom(40, 34),
    ...["key", "model", "pod", "outcome"].map((by) => `range=7d&by=${by}`),
    "range=90d&by=key",
    ...["cost", "errors", "ttft", "duration"].map((metric) => `range=7d&metric=${metric}`),
    ...["cost", "ttft"].map((metric) => `range=90d&metric=${metric}`),
    "range=1h&metric=ttft",
    "range=7d&compare=on",
    "range=24h&metric=cost&compare=on",
    "range=7d&view=table",
    "range=7d&tz=Asia%2FKathmandu",
  ];
  const narrowed = [`range=7d&member=${facts.memberId}`, `range=30d&key=${facts.busyKey}`, `range=7d&${model}`];
  const log = [
    "",
    "range=all",
    "range=all&outcome=failed",
    "range=all&outcome=completed",
    "range=all&outcome=running",
    `range=all&key=${facts.busyKey}`,
    `range=all&${model}`,
    `range=all&pod=${facts.podId}`,
    `range=all&key=${facts.busyKey}&${model}&outcome=failed`,
    `range=all&cursor=${facts.request}`,
  ];
  const ofAll = [
    `range=all&member=${facts.memberId}`,
    `range=all&member=${facts.memberId}&outcome=failed&cursor=${facts.request}`,
    `range=all&${model}&outcome=left&cursor=${facts.request}`,
  ];

  const page = (who: SeededPage["who"], path: string, mostMs = PAGE_MS) => ({
    who,
    path,
    name: told(path, facts),
    mostMs,
  });
  const of = (folder: string, queries: string[]) =>
    queries.map((query) => (query === "" ? folder : `${folder}?${query}`));
  const both = ["/keys", ...of("/usage", usage), "/activity", "/playground", "/connect", "/settings"];
  return [
    ...both.map((path) => page("owner", path)),
    ...["/keys?sort=lastUsed&status=all", "/keys?q=a", `/keys/${facts.busyKey}`, "/team", "/pods"].map((path) =>
      page("owner", path),
    ),
    ...of("/usage", narrowed).map((path) => page("owner", path)),
    ...[...of("/requests", [...log, ...ofAll, `id=${facts.request}`]), "/requests/newest"].map((path) =>
      page("owner", path, LOG_MS),
    ),
    ...both.map((path) => page("member", path)),
    page("member", `/keys/${facts.ownKey}`),
    ...[...of("/requests", [...log, `id=${facts.ownRequest}`]), "/requests/newest"].map((path) =>
      page("member", path, LOG_MS),
    ),
  ];
}

/** A path with words in place of ids, for the table. */
function told(path: string, { memberId, busyKey, ownKey, podId, request, ownRequest }: SeededFacts) {
  return decodeURIComponent(path)
    .replace(request, "(in the middle)")
    .replace(ownRequest, "(in the middle)")
    .replace(memberId, "(one)")
    .replace(busyKey, "(busy)")
    .replace(ownKey, "(own)")
    .replace(podId, "(one)");
}
