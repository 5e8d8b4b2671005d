import type { Writable } from "node:stream";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { AppError } from "@/lib/errors";
import { StartError } from "@/server/start-error";
import { type Answer, type Command, CommandError, type Given } from "./command";
import { COMMANDS } from "./commands";
import { completeEnvironment, requireMigrated } from "./environment";
import { helpOn, overview } from "./help";

type Streams = { stdout: Writable; stderr: Writable };

/** Runs one command line and returns the exit status: 0, or 1 after one clear line on standard error. */
export async function run(argv: readonly string[], { stdout, stderr }: Streams): Promise<number> {
  try {
    const asked = understand(argv);
    if ("help" in asked) {
      await write(stdout, `${asked.help}\n`);
      return 0;
    }
    const failure = await perform(asked.command, asked.given, stdout);
    if (failure === undefined) return 0;
    await write(stderr, `${failure}\n`);
    return 1;
  } catch (error) {
    // A reader that has seen enough, such as `head`, is no failure.
    if (codeOf(error) === "EPIPE") return 0;
    await write(stderr, `${sentence(error)}\n`);
    return 1;
  }
}

function understand(argv: readonly string[]): { help: string } | { command: Command; given: Given } {
  const asksForHelp = argv.length === 0 || argv.includes("--help") || argv.includes("-h");
  const command = COMMANDS.find(({ name }) => name.split(" ").every((word, index) => argv[index] === word));
  if (asksForHelp) {
    const noun = COMMANDS.some(({ name }) => name.split(" ")[0] === argv[0]) ? argv[0] : undefined;
    return { help: command ? helpOn(command) : overview(noun) };
  }
  if (!command) {
    const typed = argv.filter((word) => !word.startsWith("-")).slice(0, 2);
    throw new CommandError(`There is no command "${typed.join(" ")}". See: podpass --help`);
  }
  return { command, given: readOptions(command, argv.slice(command.name.split(" ").length)) };
}

function readOptions(command: Command, args: string[]): Given {
  const options: ParseArgsConfig["options"] = { json: { type: "boolean" } };
  for (const [name, { value }] of Object.entries(command.options)) {
    options[name] = { type: value === undefined ? "boolean" : "string" };
  }
  const { values, positionals } = parseTyped(command, { args, options, allowPositionals: true, strict: true });
  const [extra] = positionals.slice(command.words.length);
  const missing = command.words[positionals.length];
  if (missing !== undefined) throw refused(command, `${missing} is missing.`);
  if (extra !== undefined) throw refused(command, `"${extra}" is one word too many.`);
  return {
    words: positionals,
    option: (name) => (typeof values[name] === "string" ? values[name] : undefined),
    isOn: (name) => values[name] === true,
    now: new Date(),
  };
}

function parseTyped(command: Command, config: ParseArgsConfig) {
  try {
    return parseArgs(config);
  } catch (error) {
    if (!codeOf(error).startsWith("ERR_PARSE_ARGS")) throw error;
    const [first = ""] = sentence(error).split(/\. |\n/);
    throw refused(command, `${first.replace(/\.$/, "")}.`);
  }
}

function refused({ name }: Command, message: string) {
  return new CommandError(`${message} See: podpass ${name} --help`);
}

async function perform(command: Command, given: Given, stdout: Writable): Promise<string | undefined> {
  if (command.findsItsOwnEnvironment) return print(await command.run(given), given, stdout);
  const connected = await completeEnvironment();
  try {
    requireMigrated(connected);
    return await print(await command.run(given), given, stdout);
  } finally {
    await connected.end();
  }
}

/** Prints an answer, and returns the line to fail with, if any. */
async function print(answer: Answer | AsyncIterable<string>, given: Given, stdout: Writable) {
  if (Symbol.asyncIterator in answer) {
    for await (const text of answer) await write(stdout, text);
    return undefined;
  }
  await write(stdout, `${given.isOn("json") ? JSON.stringify(answer.json) : answer.text}\n`);
  return answer.failure;
}

/** Waits until the text has left: the process may end right after, and a slow reader holds no memory. */
function write(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => stream.write(text, (error) => (error ? reject(error) : resolve())));
}

/** What the database's drivers say when they can't get through: codes of the system, of PostgreSQL and of Prisma. */
const OUT_OF_REACH = /^(E(CONN|HOST|NET|TIMEDOUT|NOTFOUND|AI_)|P1\d{3}$|08|28|3D|53|57P)/;

/** Ends of their patience, which have no code where the driver's own clock ran out. */
const TOO_LATE = /^(P2024|P2028|57014)$|timeout exceeded when trying to connect|connection timeout|query read timeout/i;

/** What went wrong, for a person, in one line unless the words are ours. */
function sentence(error: unknown): string {
  if (!(error instanceof Error)) return "Something unexpected happened.";
  const code = codeOf(error);
  const isOurs = error instanceof CommandError || error instanceof AppError || error instanceof StartError;
  if (isOurs || error.name === "EnvironmentError" || code.startsWith("ERR_PARSE_ARGS")) return error.message;
  if (OUT_OF_REACH.test(code)) return `The database does not answer as it should (${code}). See: podpass doctor`;
  if (TOO_LATE.test(code) || TOO_LATE.test(error.message))
    return "The database did not answer in time. Is this machine, or the database's, very busy? See: podpass doctor";
  // Prisma ends its long messages with the point; an address holds the database's password.
  const last = error.message.trim().split("\n").at(-1) ?? "";
  return `Something unexpected happened: ${last.replace(/postgres(ql)?:\/\/\S+/g, "the database")}`;
}

function codeOf(error: unknown) {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
