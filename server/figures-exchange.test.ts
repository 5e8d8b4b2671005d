import { expect, test } from "vitest";
import { addUp } from "@/lib/operations/exposition";
import { counter, gauge } from "@/lib/operations/figures";
import { createFiguresExchange, type Peer } from "./figures-exchange";
import type { FromWorker, ToWorker } from "./messages";
import { createSiblings } from "./siblings";

/** Workers and their supervisor in one process; messages are copied as between real ones. */
function team(size: number) {
  const workers = new Set<Peer>();
  const exchange = createFiguresExchange(workers, 30);
  const copy = <T>(message: T): T => JSON.parse(JSON.stringify(message));

  function hire(requests: number) {
    const state = { requests, isMute: false, isConnected: true };
    const own = () => [
      counter("requests_total", "How many.", [{ labels: {}, value: state.requests }]),
      gauge("streams", "How many now.", 1),
    ];
    const peer: Peer = {
      isConnected: () => state.isConnected,
      send: (message: ToWorker) => setImmediate(() => state.isMute || siblings.hear(copy(message))),
    };
    const tell = (message: FromWorker) => {
      if (message.type === "figures" || message.type === "figures-wanted") exchange.hear(peer, copy(message));
    };
    const siblings = createSiblings({ tell, own, patienceMs: 200 });
    workers.add(peer);
    const scrape = async () => {
      const sum = await addUp(await siblings.withOthers(own()));
      return Object.fromEntries(sum.map(({ name, values }) => [name, values[0]?.value]));
    };
    const die = () => {
      state.isConnected = false;
      workers.delete(peer);
      exchange.leave(peer);
    };
    return { state, scrape, die };
  }

  return { hire, workers: Array.from({ length: size }, (_, index) => hire(10 ** index)) };
}

test("whichever worker is scraped tells the figures of all", async () => {
  const { workers } = team(3);
  for (const { scrape } of workers) expect(await scrape()).toEqual({ requests_total: 111, streams: 3 });
  const sums = await Promise.all(workers.map(({ scrape }) => scrape()));
  expect(sums.map(({ requests_total }) => requests_total)).toEqual([111, 111, 111]);
});

test("a worker alone waits for nobody", async () => {
  const { workers } = team(1);
  expect(await workers[0]?.scrape()).toEqual({ requests_total: 1, streams: 1 });
});

test("a worker that does not answer counts with what it said last", async () => {
  const { workers } = team(3);
  const [asked, mute] = workers;
  await asked?.scrape();
  if (mute) Object.assign(mute.state, { isMute: true, requests: 15 });
  expect(await asked?.scrape()).toEqual({ requests_total: 111, streams: 3 });
});

test("the counts of workers that ended stay, so that no sum ever shrinks; their gauges go", async () => {
  const { workers, hire } = team(3);
  const [asked] = workers;
  await asked?.scrape();
  for (const { die } of workers.slice(1)) die();
  expect(await asked?.scrape()).toEqual({ requests_total: 111, streams: 1 });
  const replacement = hire(1_000);
  expect(await replacement.scrape()).toEqual({ requests_total: 1_111, streams: 2 });
  expect(await asked?.scrape()).toEqual({ requests_total: 1_111, streams: 2 });
});

test("a worker that ends while it is waited for holds nobody up", async () => {
  const { workers } = team(2);
  const [asked, leaving] = workers;
  await asked?.scrape();
  if (leaving) leaving.state.isMute = true;
  const scraped = asked?.scrape();
  leaving?.die();
  expect(await scraped).toEqual({ requests_total: 11, streams: 1 });
});

test("without a supervisor that answers there is no sum rather than a wrong one", async () => {
  const siblings = createSiblings({ tell: () => undefined, own: () => [], patienceMs: 10 });
  await expect(siblings.withOthers([])).rejects.toMatchObject({ code: "internal_error" });
});
