import { execFileSync } from "node:child_process";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../server/ports";
import { end, startProgram } from "../children";
import { POD_KEY } from "../protocol";
import { type Peer, type Surroundings, untilAnswers } from "./peer";

const PROGRAMS = ["nginx", "/usr/sbin/nginx"];

/** nginx as a plain reverse proxy with one worker, its files in a folder of the run. Null where nginx is not installed. */
export async function startNginx({ upstreamPort, folder }: Surroundings): Promise<Peer | null> {
  const program = PROGRAMS.find(isInstalled);
  if (program === undefined) return null;
  const home = join(folder, "nginx");
  mkdirSync(home);
  const port = await freePort();
  writeFileSync(join(home, "nginx.conf"), configuration(home, port, upstreamPort));
  const log = openSync(join(home, "error.log"), "a");
  const paths = ["-p", home, "-e", join(home, "error.log"), "-c", join(home, "nginx.conf")];
  const master = startProgram(program, paths, { stdio: ["ignore", log, log] }, "SIGTERM");
  const headers = { authorization: `Bearer ${POD_KEY}` };
  await untilAnswers("nginx", { port, headers, pids: [] });
  const target = { port, headers, pids: await workersOf(master.pid ?? 0) };
  return { name: "nginx, one worker", target, stop: () => end(master) };
}

function isInstalled(program: string) {
  try {
    execFileSync(program, ["-v"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

async function workersOf(master: number): Promise<number[]> {
  for (let tries = 0; tries < 50; tries += 1) {
    const children = readFileSync(`/proc/${master}/task/${master}/children`, "latin1").trim();
    if (children !== "") return children.split(" ").map(Number);
    await sleep(20);
  }
  throw new Error("nginx has no worker");
}

function configuration(home: string, port: number, upstreamPort: number) {
  const isRoot = process.getuid?.() === 0;
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `  ${name}_temp_path ${join(home, name)};`,
  );
  return `${isRoot ? "user root;\n" : ""}daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid ${join(home, "nginx.pid")};
events { worker_connections 8192; }
http {
${paths.join("\n")}
  access_log off;
  keepalive_requests 100000000;
  keepalive_timeout 75s;
  upstream pod { server 127.0.0.1:${upstreamPort}; keepalive 256; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://pod;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 300s;
    }
  }
}
`;
}
