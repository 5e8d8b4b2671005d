import { StartError } from "./start-error";

/** Runs a program to whose user a stack trace is of no use: what is wrong with the start is told in plain words, alone. */
export function runPlainly(program: () => Promise<void>) {
  program().catch((error: unknown) => {
    const isPlain = error instanceof StartError || (error instanceof Error && error.name === "EnvironmentError");
    const words = error instanceof Error ? (isPlain ? error.message : error.stack) : String(error);
    process.stderr.write(`${words}\n`, () => process.exit(1));
  });
}
