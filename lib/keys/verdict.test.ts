import { expect, test } from "vitest";
import { liveFacts } from "@/test/fixtures/caller-facts";
import { verdictOn } from "./verdict";

const at = (time: string) => Date.parse(`2026-11-22T${time}Z`);
const LIVE = liveFacts();

test("a key without an end is live", () => {
  expect(verdictOn(LIVE, at("12:00:00.000"))).toEqual({ ok: true });
});

test.each([
  {
    case: "a revoked key",
    facts: { keyRevokedAtMs: at("14:05:33.000") },
    code: "key_revoked",
    says: "revoked on 2026-11-22 14:05 UTC",
  },
  {
    case: "an expired key",
    facts: { keyExpiresAtMs: at("14:05:33.000") },
    code: "key_expired",
    says: "expired on 2026-11-22 14:05 UTC",
  },
  {
    case: "a rotated secret after its grace",
    facts: { secretReplacedAtMs: at("13:05:33.000"), secretExpiresAtMs: at("14:05:33.000") },
    code: "key_rotated",
    says: "rotated on 2026-11-22 13:05 UTC and its old secret ended on 2026-11-22 14:05 UTC",
  },
  {
    case: "a secret revoked alone",
    facts: { secretRevokedAtMs: at("14:05:33.000") },
    code: "key_revoked",
    says: "secret was revoked on 2026-11-22 14:05 UTC",
  },
  {
    case: "a disabled key",
    facts: { keyDisabledAtMs: at("14:05:33.000") },
    code: "key_disabled",
    says: "disabled since 2026-11-22 14:05 UTC",
  },
  {
    case: "a disabled member's key",
    facts: { memberDisabledAtMs: at("14:05:33.000") },
    code: "key_disabled",
    says: "This key is disabled.",
  },
])("$case says what happened and when, in UTC", ({ facts, code, says }) => {
  const verdict = verdictOn({ ...LIVE, ...facts }, at("15:00:00.000"));
  expect(verdict).toMatchObject({ ok: false, code, message: expect.stringContaining(says) });
});

test("a disabled member's key says nothing about the member", () => {
  const verdict = verdictOn({ ...LIVE, memberDisabledAtMs: at("14:05:33.000") }, at("15:00:00.000"));
  expect(verdict).not.toMatchObject({ message: expect.stringMatching(/member|account|2026/) });
});

test.each(["keyExpiresAtMs", "secretExpiresAtMs"] as const)("%s is the first moment that is refused", (field) => {
  const facts = { ...LIVE, [field]: at("12:00:00.000") };
  expect(verdictOn(facts, at("11:59:59.999")).ok).toBe(true);
  expect(verdictOn(facts, at("12:00:00.000")).ok).toBe(false);
});

test.each(["keyRevokedAtMs", "keyDisabledAtMs", "memberDisabledAtMs", "secretRevokedAtMs"] as const)(
  "%s counts at once, even when it was written by a clock that runs ahead",
  (field) => {
    expect(verdictOn({ ...LIVE, [field]: at("12:10:00.000") }, at("12:00:00.000")).ok).toBe(false);
  },
);

test("an outgoing secret works until its grace ends", () => {
  const outgoing = { ...LIVE, secretReplacedAtMs: at("12:00:00.000"), secretExpiresAtMs: at("13:00:00.000") };
  expect(verdictOn(outgoing, at("12:59:59.999"))).toEqual({ ok: true });
});

test("the holder of an old secret is not sent to a new one of a key that has ended itself", () => {
  const old = { secretReplacedAtMs: at("10:00:00.000"), secretExpiresAtMs: at("11:00:00.000") };
  const now = at("15:00:00.000");
  expect(verdictOn({ ...LIVE, ...old, keyRevokedAtMs: at("12:00:00.000") }, now)).toMatchObject({
    code: "key_revoked",
  });
  expect(verdictOn({ ...LIVE, ...old, keyExpiresAtMs: at("12:00:00.000") }, now)).toMatchObject({
    code: "key_expired",
  });
});
