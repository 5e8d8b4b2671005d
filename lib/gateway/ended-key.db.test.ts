import { afterAll, beforeAll, expect, test } from "vitest";
import { startSimulator } from "@/pod/simulator/simulator";
import { type GatewayRig, startGatewayRig } from "@/test/rig/gateway";

// What happens to a stream whose key ends while it runs, where nobody tells the gateway: each is looked at again by itself.

const MODEL = "simulated-llama-8b";
let pod: Awaited<ReturnType<typeof startSimulator>>;
let rig: GatewayRig;

beforeAll(async () => {
  pod = await startSimulator({ keys: ["pod-key"], models: [MODEL], tokensPerSecond: 20, ttftMs: 1 });
  const url = `http://127.0.0.1:${pod.port}`;
  rig = await startGatewayRig("socket", url, "pod-key", [MODEL], undefined, {}, { recheckMs: 100, sweepMs: 50 });
});

afterAll(async () => {
  await rig?.stop();
  await pod?.close();
});

const ENDS = {
  revoked: { sql: "UPDATE api_keys SET revoked_at = now() WHERE id = $1", code: "key_revoked" },
  disabled: { sql: "UPDATE api_keys SET disabled_at = now() WHERE id = $1", code: "key_disabled" },
  expired: { sql: "UPDATE api_keys SET expires_at = now() WHERE id = $1", code: "key_expired" },
  "removed from the database": { sql: "DELETE FROM api_key_secrets WHERE api_key_id = $1", code: "invalid_api_key" },
};

test.each(Object.entries(ENDS))(
  "a stream whose key is %s ends with an error that says so, and its row with the tokens that came",
  async (_name, { sql, code }) => {
    const key = await rig.issueKey();
    pod.control.fail({ mode: "endless" });
    const answer = await fetch(`${rig.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key.secret}`, "content-type": "application/json" },
      body: JSON.stringify({
        model: MODEL,
        stream: true,
        max_tokens: 2_000,
        messages: [{ role: "user", content: "Go on." }],
      }),
    });
    expect(answer.status).toBe(200);
    await rig.database.query(sql, [key.keyId]);
    const events = (await answer.text()).split("\n\n").filter((event) => event.startsWith("data:"));
    expect(events.length).toBeGreaterThan(1);
    expect(events.at(-1)).toContain(`"code":"${code}"`);
    expect(events.join()).not.toContain("[DONE]");
    const rows = await rig.rowsOf(key.keyId);
    expect(rows).toMatchObject([{ outcome: "rejected", status: 200, error_code: code, token_source: "measured" }]);
    expect(rows[0]?.completion_tokens).toBeGreaterThan(0);
  },
);
