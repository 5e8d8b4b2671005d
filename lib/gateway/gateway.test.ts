import { expect, test, vi } from "vitest";
import { AppError } from "@/lib/errors";
import type { UsageEvent } from "@/lib/usage/event";
import { liveFacts } from "@/test/fixtures/caller-facts";
import type { Call } from "./check";
import type { Client, GatewayRequest } from "./client";
import { type Admission, createGateway, type Steps } from "./gateway";
import type { LivePod } from "./live-pod";
import { matchRoute } from "./routes";
import type { Tokens } from "./tokens";

const PATH = "/v1/chat/completions";
const used: Tokens = { prompt: 3, cached: 0, completion: 4, source: "measured" };
const pod = { facts: { id: "pod-1" } } as LivePod;

class FakeClient implements Client {
  isGone = false;
  waitingSince = null;
  onGone: (() => void) | null = null;
  onDrain: (() => void) | null = null;
  status: number | null = null;
  begin(status: number) {
    this.status = status;
  }
  write = () => true;
  end = () => undefined;
  cut = () => undefined;
  answer(status: number) {
    if (this.status !== null) throw new Error("answered twice");
    this.status = status;
  }
}

/** A gateway whose steps all go well but for those given, and what it wrote down. */
function rig(given: Partial<Steps<Admission>> = {}) {
  const events: UsageEvent[] = [];
  const released: Tokens[] = [];
  const order: string[] = [];
  const steps: Steps<Admission> = {
    newId: () => ({ id: "id-1", atMs: 1 }),
    now: () => 0,
    route: matchRoute,
    authenticate: () => liveFacts({}),
    checkSource: () => "10.0.0.7",
    checkCall: async () => ({ model: "m", isStreamed: false }) as Call,
    look: async () => ({ status: 200, headers: {}, body: Buffer.alloc(0) }),
    admit: async () => ({ pod, release: (tokens) => void released.push(tokens) }),
    record: {
      open: (event) => {
        order.push("open");
        events.push(event);
      },
      final: (event) => void events.push(event),
    },
    forward: async (_attempt, _call, _pod, client) => {
      order.push("forward");
      client.answer(200, {}, Buffer.alloc(0));
      return { status: 200, tokens: used, refusal: null, clientLeft: false, podStatus: 200, isUntouched: false };
    },
    log: vi.fn(),
    ...given,
  };
  const client = new FakeClient();
  const request: GatewayRequest = {
    method: "POST",
    path: PATH,
    headers: {},
    peerIp: null,
    readBody: async () => Buffer.alloc(0),
  };
  const run = (change: Partial<GatewayRequest> = {}) => createGateway(steps)({ ...request, ...change }, client);
  return { run, client, events, released, order };
}

const refuse = (code: ConstructorParameters<typeof AppError>[0]) => () => Promise.reject(new AppError(code, "no"));

test("a request that goes well leaves an open line before the pod is asked, one final, and gives its place back", async () => {
  const { run, client, events, released, order } = rig();
  await run();
  expect(order).toEqual(["open", "forward"]);
  expect(events.map(({ outcome, podId, completionTokens }) => [outcome, podId, completionTokens])).toEqual([
    ["open", "pod-1", 0],
    ["completed", "pod-1", 4],
  ]);
  expect([client.status, released]).toEqual([200, [used]]);
});

test("nobody who is unknown leaves a row", async () => {
  const { run, client, events } = rig({ authenticate: refuse("invalid_api_key") });
  await run();
  expect([client.status, events]).toEqual([401, []]);
});

test("an unknown route is refused before anybody is asked for a key", async () => {
  const authenticate = vi.fn();
  const { run, client } = rig({ authenticate });
  await run({ path: "/v1/load_lora_adapter" });
  expect([client.status, authenticate.mock.calls.length]).toEqual([404, 0]);
});

test.each<[string, Partial<Steps<Admission>>, string, number]>([
  ["a refused body", { checkCall: refuse("invalid_request") }, "rejected", 400],
  ["a limit", { admit: refuse("rate_limit_exceeded") }, "rejected", 429],
  ["no pod", { admit: refuse("pod_unavailable") }, "upstream_error", 503],
  ["a bug", { checkCall: () => Promise.reject(new TypeError("secret inside")) }, "rejected", 500],
])("%s leaves exactly one row and nothing admitted", async (_, steps, outcome, status) => {
  const { run, client, events, released } = rig(steps);
  await run();
  expect(events.map((event) => [event.outcome, event.status, event.podId])).toEqual([[outcome, status, null]]);
  expect([client.status, released.length]).toEqual([status, 0]);
});

test("a journal that can't be written means 503, the pod is not asked, and the place is given back", async () => {
  const forward = vi.fn();
  const record = { open: refuse("usage_unavailable"), final: vi.fn() };
  const { run, client, released } = rig({ forward, record });
  await run();
  expect([client.status, forward.mock.calls.length, released.length, record.final.mock.calls.length]).toEqual([
    503, 0, 1, 1,
  ]);
});

test("a client that left is recorded as such, with the tokens so far", async () => {
  const forward: Steps["forward"] = async (_attempt, _call, _pod, client) => {
    (client as FakeClient).isGone = true;
    return { status: 200, tokens: used, refusal: null, clientLeft: true, podStatus: 200, isUntouched: false };
  };
  const { run, client, events } = rig({ forward });
  await run();
  expect(events.at(-1)).toMatchObject({ outcome: "client_closed", status: 200, completionTokens: 4 });
  expect(client.status).toBeNull();
});

test("a refusal in mid-stream is not answered a second time", async () => {
  const refusal = new AppError("pod_error", "cut");
  const forward: Steps["forward"] = async (_attempt, _call, _pod, client) => {
    client.begin(200, {});
    return { status: 200, tokens: used, refusal, clientLeft: false, podStatus: 200, isUntouched: false };
  };
  const { run, client, events } = rig({ forward });
  await run();
  expect([client.status, events.at(-1)?.outcome, events.at(-1)?.status, events.at(-1)?.errorCode]).toEqual([
    200,
    "upstream_error",
    200,
    "pod_error",
  ]);
});
