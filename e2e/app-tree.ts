import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** An address that the app answers: its file, a path with made-up ids in it, and whether only members may see it. */
export type Address = { file: string; path: string; kind: "page" | "route"; isForMembers: boolean };

/** Every page and route that lies in `app/`, so that a new one cannot be forgotten. */
export function addresses(): Address[] {
  return readdirSync(join(root, "app"), { recursive: true, encoding: "utf8" })
    .filter((file) => /(^|\/)(page\.tsx|route\.ts)$/.test(file))
    .sort()
    .map((file) => ({
      file,
      path: pathOf(file),
      kind: file.endsWith("page.tsx") ? "page" : "route",
      isForMembers: file.startsWith("(dashboard)/"),
    }));
}

function pathOf(file: string) {
  const parts = file.split("/").slice(0, -1);
  const named = parts.filter((part) => !/^\(.*\)$/.test(part)).filter((part) => !/^\[\[\.\.\./.test(part));
  return `/${named.map((part) => (part.startsWith("[") ? "018f0000-0000-7000-8000-000000000000" : part)).join("/")}`;
}

export type Action = { id: string; name: string; file: string };

/** Every server action of the pages behind sign-in, from the build that is served. */
export function dashboardActions(): Action[] {
  const build = readFileSync(join(root, "dist/next.hash"), "utf8").slice(0, 16);
  const manifest = join(root, "dist/next", build, ".next/server/server-reference-manifest.json");
  const { node } = JSON.parse(readFileSync(manifest, "utf8")) as {
    node: Record<string, { filename?: string; exportedName?: string }>;
  };
  return Object.entries(node).flatMap(([id, { filename = "", exportedName = "" }]) =>
    filename.includes("(auth)") ? [] : [{ id, name: exportedName, file: filename }],
  );
}
