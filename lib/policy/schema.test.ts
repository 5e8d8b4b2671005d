import { expect, test } from "vitest";
import { policyFormSchema } from "./schema";

const change = (form: Record<string, string>) => policyFormSchema.safeParse(form);
const roleLimits = (MEMBER: object) => ({ OWNER: {}, ADMIN: {}, MEMBER });

test("what is missing stays, what is empty is no limit, money is typed in dollars", () => {
  expect(change({}).data).toEqual({ roleLimits: roleLimits({}) });
  const form = {
    maxKeyDays: "",
    defaultKeyDays: "30",
    strictFields: "on",
    "MEMBER.rpm": "60",
    "MEMBER.tpm": "",
    "MEMBER.monthlyUsd": "12.50",
  };
  expect(change(form).data).toEqual({
    maxKeyDays: null,
    defaultKeyDays: 30,
    strictFields: true,
    roleLimits: roleLimits({ rpm: 60, tpm: null, monthlyMicroUsd: 12_500_000 }),
  });
});

test("domains are read as people type them", () => {
  expect(change({ emailDomains: " @Example.org,\nteam.example  example.org" }).data?.emailDomains).toEqual([
    "example.org",
    "team.example",
  ]);
  expect(change({ emailDomains: "" }).data?.emailDomains).toEqual([]);
});

test("weights are kept in thousandths", () => {
  const form = { promptWeight: "1", cachedWeight: " 0.05 ", completionWeight: "1000" };
  expect(change(form).data).toMatchObject({ promptWeight: 1_000, cachedWeight: 50, completionWeight: 1_000_000 });
});

test.each([
  { maxKeyDays: "0" },
  { promptWeight: "" },
  { cachedWeight: "0.0001" },
  { completionWeight: "1000.001" },
  { completionWeight: "-1" },
  { maxKeyDays: "1.5" },
  { maxKeyDays: "1e9" },
  { maxGraceHours: "" },
  { maxGraceHours: "721" },
  { maxKeysPerMember: "-1" },
  { eventRetentionDays: "0" },
  { emailDomains: "example" },
  { emailDomains: "https://example.org" },
  { "MEMBER.rpm": "1e12" },
  { "ADMIN.monthlyUsd": "many" },
  { strictFields: "perhaps" },
] as Record<string, string>[])("%j is refused", (form) => {
  expect(change(form).success).toBe(false);
});
