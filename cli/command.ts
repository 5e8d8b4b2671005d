/** A command's answer: one value for programs, words for people. Or text that is too long to hold. */
export type Answer = {
  json: unknown;
  text: string;
  /** The command did its work and found something wrong: it still ends with 1, and this line. */
  failure?: string;
};

export type Option = {
  /** What stands for its value in the help; a switch has none. */
  value?: string;
  says: string;
};

/** What was typed. */
export type Given = {
  /** The words after the command, as many as it takes. */
  words: readonly string[];
  /** The value of an option, if it was given. */
  option: (name: string) => string | undefined;
  /** Whether a switch was given. */
  isOn: (name: string) => boolean;
  now: Date;
};

export type Command = {
  /** `key issue`: noun and verb. */
  name: string;
  /** The words it takes, as the help shows them. */
  words: readonly string[];
  says: string;
  /** What the help adds below the options. */
  notes?: readonly string[];
  options: Readonly<Record<string, Option>>;
  run: (given: Given) => Promise<Answer | AsyncIterable<string>>;
  /** Runs before the environment is known to be complete: the command whose work is to find out. */
  findsItsOwnEnvironment?: true;
};

/** What a person typed can't be done; its message is the one line they read. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}
