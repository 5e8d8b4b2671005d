import { expect, test } from "vitest";
import { liveFacts } from "@/test/fixtures/caller-facts";
import { NO_LIMITS } from "../keys/limits";
import { accountsOf } from "./accounts";

const limits = (rpm: number | null) => ({ ...NO_LIMITS, rpm });
test.each([
  { case: "nothing limited", own: null, member: null, role: null, counted: [] },
  {
    case: "the role's default binds all keys of a member together",
    own: null,
    member: null,
    role: 60,
    counted: ["member 60"],
  },
  { case: "a member's own limit stands before the default", own: null, member: 90, role: 60, counted: ["member 90"] },
  {
    case: "a key's lower limit binds the key beside it",
    own: 5,
    member: null,
    role: 60,
    counted: ["key 5", "member 60"],
  },
  {
    case: "a key given more than the default is not held to it",
    own: 100,
    member: null,
    role: 60,
    counted: ["key 100"],
  },
  { case: "no key exceeds its member", own: 100, member: 10, role: 60, counted: ["key 100", "member 10"] },
])("$case", ({ own, member, role, counted }) => {
  const caller = liveFacts({ limits: limits(own), memberLimits: limits(member) });
  const accounts = accountsOf(caller, limits(role));
  expect(accounts.map(({ kind, limits: { rpm } }) => `${kind} ${rpm}`)).toEqual(counted);
});
