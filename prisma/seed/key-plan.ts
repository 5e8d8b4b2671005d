import type { CreateKey } from "@/lib/keys/schema";

/** When people work, around the clock, or mostly at night. */
export type Rhythm = "office" | "steady" | "night";

export type PlannedKey = {
  /** Index of the person in `PEOPLE`. */
  of: number;
  name: string;
  /** Days before today on which it was made, and days it lives from then. */
  made: number;
  lives: number;
  /** Its share of all requests. */
  weight: number;
  rhythm: Rhythm;
  /** Index of its model in `MODELS`. */
  model: number;
  /** Days before today; each rotation gives a grace period in hours. */
  rotated: readonly { ago: number; graceHours: number }[];
  /** Days before today. */
  ended: { how: "revoked" | "disabled" | "disabled by an admin"; ago: number } | null;
  limits: Pick<CreateKey, "rpm" | "tpm" | "concurrency" | "monthlyTokens" | "models" | "cidrs" | "rotateEveryDays">;
};

export const MODELS = ["llama-3.3-70b-instruct", "qwen3-coder-30b", "bge-m3"] as const;

type More = Partial<Omit<PlannedKey, "of" | "name" | "made" | "lives" | "weight">>;

const key = (of: number, name: string, made: number, lives: number, weight: number, more: More = {}): PlannedKey => ({
  of,
  name,
  made,
  lives,
  weight,
  rhythm: "office",
  model: 0,
  rotated: [],
  ended: null,
  limits: {},
  ...more,
});

const CODER = { model: 1 } as const;
const EMBEDDINGS = { model: 2, rhythm: "night" } as const;
const SERVICE = { rhythm: "steady" } as const;

/** Forty keys: active, expiring, rotating, disabled, expired, revoked and never used. */
export const KEYS: readonly PlannedKey[] = [
  // Active.
  key(0, "laptop", 190, 365, 5, { rotated: [{ ago: 62, graceHours: 24 }] }),
  key(0, "Open WebUI", 160, 365, 9, { limits: { rpm: 120 } }),
  key(1, "laptop", 180, 365, 6, CODER),
  key(1, "support-bot", 120, 365, 22, {
    ...SERVICE,
    rotated: [{ ago: 31, graceHours: 168 }],
    limits: { rpm: 600, concurrency: 16, monthlyTokens: 400_000_000, rotateEveryDays: 90 },
  }),
  key(2, "notebook", 150, 365, 7),
  key(2, "evals", 88, 180, 14, { rhythm: "night", limits: { concurrency: 8 } }),
  key(3, "VS Code", 140, 365, 12, CODER),
  key(3, "CI", 135, 365, 10, {
    ...CODER,
    ...SERVICE,
    limits: { models: ["qwen3-coder-30b"], cidrs: ["10.20.0.0/16"] },
  }),
  key(4, "laptop", 130, 365, 6),
  key(4, "search-index", 110, 365, 18, EMBEDDINGS),
  key(5, "Continue", 100, 365, 11, CODER),
  key(5, "summaries", 75, 180, 8, { rhythm: "night" }),
  key(6, "laptop", 120, 365, 4),
  key(6, "release-notes", 70, 365, 2, CODER),
  key(7, "phone", 80, 365, 1),
  key(7, "translations", 64, 180, 9, SERVICE),
  key(8, "laptop", 90, 365, 6),
  key(9, "Zed", 55, 180, 9, CODER),
  // Expiring within two weeks.
  key(2, "demo-booth", 82, 90, 3),
  key(3, "migration-script", 80, 85, 4, CODER),
  key(8, "tutorial", 78, 90, 2),
  key(10, "trial", 22, 30, 3),
  // Rotating: the outgoing secret still works.
  key(0, "homepage-chat", 140, 365, 15, { ...SERVICE, rotated: [{ ago: 0.4, graceHours: 24 }] }),
  key(4, "reranker", 100, 365, 7, { ...EMBEDDINGS, rotated: [{ ago: 2.2, graceHours: 168 }] }),
  key(5, "desktop", 90, 180, 4, { rotated: [{ ago: 0.1, graceHours: 24 }] }),
  key(9, "Raycast", 50, 180, 3, { rotated: [{ ago: 0.7, graceHours: 24 }] }),
  // Disabled.
  key(1, "load-test", 66, 180, 9, { ...SERVICE, ended: { how: "disabled", ago: 12 } }),
  key(7, "scraper", 72, 180, 12, { ...SERVICE, ended: { how: "disabled by an admin", ago: 5 } }),
  key(8, "old-laptop", 94, 365, 4, { ended: { how: "disabled", ago: 33 } }),
  // Expired.
  key(2, "hackathon", 74, 14, 12, CODER),
  key(3, "spike", 50, 30, 3, CODER),
  key(6, "contractor", 96, 60, 5),
  key(9, "first-steps", 58, 7, 2),
  // Revoked.
  key(4, "leaked-in-a-gist", 104, 365, 5, { ended: { how: "revoked", ago: 40 } }),
  key(5, "old-ci", 130, 365, 6, { ...CODER, ...SERVICE, ended: { how: "revoked", ago: 55 } }),
  key(11, "laptop", 170, 365, 6, { ended: { how: "revoked", ago: 21 } }),
  key(11, "reports", 140, 365, 8, { rhythm: "night", ended: { how: "revoked", ago: 21 } }),
  // Never used.
  key(6, "spare", 45, 180, 0),
  key(10, "laptop", 18, 90, 0),
  key(10, "phone", 3, 90, 0),
];
