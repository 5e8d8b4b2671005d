import { inject } from "vitest";

process.env.DATABASE_URL = inject("databaseUrl");
process.env.PODPASS_SECRET ??= "0f1e2d3c4b5a69788796a5b4c3d2e1f00123456789abcdeffedcba9876543210";
