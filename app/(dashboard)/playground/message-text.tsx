import { CodeBlock } from "@/app/_ui/code-block";
import type { CodeLanguage } from "@/app/_ui/highlight";
import { partsOf, spansOf } from "./parts";

const LANGUAGES: Record<string, CodeLanguage> = {
  python: "python",
  py: "python",
  javascript: "javascript",
  js: "javascript",
  jsx: "javascript",
  typescript: "javascript",
  ts: "javascript",
  tsx: "javascript",
  json: "javascript",
  bash: "shell",
  sh: "shell",
  shell: "shell",
  console: "shell",
  yaml: "yaml",
  yml: "yaml",
};

/** What a model or a person wrote: words and code, and never markup. */
export function MessageText({ text }: { text: string }) {
  return partsOf(text).map((part) =>
    part.kind === "code" ? (
      <CodeBlock
        key={part.at}
        alone
        code={part.text}
        language={part.isOpen ? "text" : (LANGUAGES[part.language] ?? "text")}
        label={part.language === "" ? "Code" : `Code, ${part.language}`}
      />
    ) : (
      <p key={part.at}>
        {spansOf(part.text).map((span) => (span.isCode ? <code key={span.at}>{span.text}</code> : span.text))}
      </p>
    ),
  );
}
