import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { EventSourceParserStream, type EventSourceMessage } from "eventsource-parser/stream";
import { onTestFinished } from "vitest";

/** A request as a fake server saw it. */
export interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

/** A real HTTP server for one test. It notes what it is asked. */
export async function fakeServer(
  answer: (response: ServerResponse, seen: Seen, nth: number) => void,
): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request
      .setEncoding("utf8")
      .on("data", (chunk: string) => {
        body += chunk;
      })
      .on("end", () => {
        seen.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
        answer(response, seen.at(-1) as Seen, seen.length - 1);
      });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response
    .writeHead(status, {
      "Content-Type": status < 400 ? "application/json" : "application/problem+json",
      ...headers,
    })
    .end(JSON.stringify(body));
}

export const requireAll = process.env.REQUIRE_ALL === "1";

/** Whether the real server can be had. With REQUIRE_ALL=1 it must, and its tests fail without. */
export const haveServer =
  requireAll || process.env.SSEACTOR_BIN !== undefined || spawnSync("go", ["version"]).status === 0;

/** The program of this repository: SSEACTOR_BIN, or built. */
async function sseactor(): Promise<string> {
  if (process.env.SSEACTOR_BIN) return process.env.SSEACTOR_BIN;
  const dir = mkdtempSync(join(tmpdir(), "sseactor-"));
  process.once("exit", () => {
    rmSync(dir, { recursive: true, force: true });
  });
  const bin = join(dir, "sseactor");
  const { code, errors } = await run("go", ["build", "-o", bin, "./cmd/sseactor"], {
    cwd: resolve(import.meta.dirname, "../../../.."),
  });
  if (code !== 0) throw new Error(`go build: ${errors}`);
  return bin;
}

/** Runs a program to its end. */
export async function run(
  command: string,
  args: string[],
  options: SpawnOptions = {},
): Promise<{ code: number | null; out: string; errors: string }> {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  return { code, out, errors };
}

export interface RealServer {
  url: string;
  apiKey: string;
  bin: string;
  process: ChildProcess;
}

/** The real server on a free port. Who starts it ends it. */
export async function realServer(env: Record<string, string> = {}): Promise<RealServer> {
  const bin = await sseactor();
  const apiKey = randomBytes(32).toString("hex");
  const child = spawn(bin, ["serve"], {
    env: {
      PATH: process.env.PATH,
      SSEACTOR_ADDR: "127.0.0.1:0",
      SSEACTOR_LOG_FORMAT: "json",
      SSEACTOR_API_KEYS: `app:${apiKey}:publish+metrics+admin`,
      ...env,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  process.once("exit", () => {
    child.kill("SIGKILL");
  });
  const said: string[] = [];
  const address = await new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      reject(new Error(`sseactor ended with ${code}:\n${said.join("\n")}`));
    });
    createInterface({ input: child.stderr }).on("line", (line) => {
      if (said.length < 100) said.push(line);
      const found = /"address":"(127\.0\.0\.1:\d+)"/.exec(line);
      if (found) resolve(found[1] as string);
    });
  });
  child.removeAllListeners("exit");
  return { url: `http://${address}`, apiKey, bin, process: child };
}

export function end(child: ChildProcess, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => {
      resolve();
    });
    child.kill(signal);
  });
}

/** The events of a stream, one after the other. Leaving the loop ends the stream. */
export async function* events(response: Response): AsyncGenerator<EventSourceMessage, undefined> {
  if (response.body === null) throw new Error(`${response.status} without a body`);
  const reader = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

/** The next event of a stream; it is a fault if there is none. */
export async function next(
  stream: AsyncGenerator<EventSourceMessage, undefined>,
): Promise<EventSourceMessage> {
  const { done, value } = await stream.next();
  if (done) throw new Error("the stream has ended");
  return value;
}
