export type Part = { kind: "text" | "code"; text: string; language: string; at: number; isOpen: boolean };

const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([\w+#.-]*)[^\n`]*$/;

/** A text in paragraphs and fenced code. A fence that is not closed yet holds all that follows. */
export function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let lines: string[] = [];
  let fence: { mark: string; language: string } | null = null;
  let startsAt = 0;
  let at = 0;
  const close = (isOpen: boolean) => {
    const own = lines.join("\n");
    if (fence !== null || own.trim() !== "") {
      const kind = fence === null ? ("text" as const) : ("code" as const);
      const language = fence?.language ?? "";
      parts.push({ kind, text: kind === "text" ? own.trim() : own, language, at: startsAt, isOpen });
    }
    lines = [];
    startsAt = at;
  };
  for (const line of text.split("\n")) {
    const [, mark, language = ""] = FENCE.exec(line) ?? [];
    if (fence === null && mark !== undefined) {
      close(false);
      fence = { mark, language: language.toLowerCase() };
    } else if (fence !== null && mark?.startsWith(fence.mark) && language === "") {
      at += line.length + 1;
      close(false);
      fence = null;
      continue;
    } else {
      lines.push(line);
    }
    at += line.length + 1;
  }
  close(fence !== null);
  return parts;
}

/** A paragraph's words and its `code`, in order; marks without a partner stay as they are. */
export function spansOf(text: string): { text: string; isCode: boolean; at: number }[] {
  const spans: { text: string; isCode: boolean; at: number }[] = [];
  let from = 0;
  for (const match of text.matchAll(/`([^`\n]+)`/g)) {
    if (match.index > from) spans.push({ text: text.slice(from, match.index), isCode: false, at: from });
    spans.push({ text: match[1] ?? "", isCode: true, at: match.index });
    from = match.index + match[0].length;
  }
  if (from < text.length) spans.push({ text: text.slice(from), isCode: false, at: from });
  return spans;
}
