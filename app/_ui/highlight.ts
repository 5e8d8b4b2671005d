export type CodeLanguage = "shell" | "python" | "javascript" | "env" | "yaml" | "text";
export type Piece = { text: string; kind: "keyword" | "string" | "comment" | null; at: number };

const KEYWORDS: Record<CodeLanguage, string> = {
  shell: "export|curl",
  python: "from|import|print|for|in|as|with|if",
  javascript: "import|from|const|await|new|for|of|async|console",
  env: "",
  text: "",
  yaml: "",
};

/** Three colours are enough for a ten-line snippet: keywords, strings, comments. */
export function highlight(code: string, language: CodeLanguage): Piece[] {
  if (language === "text") return [{ text: code, kind: null, at: 0 }];
  const words = KEYWORDS[language];
  const comment = language === "javascript" ? "//[^\\n]*" : "#[^\\n]*";
  const pattern = new RegExp(
    `(?<comment>(?<![\\w:"'])${comment})|(?<string>"(?:\\\\.|[^"\\\\\\n])*"|'(?:\\\\.|[^'\\\\\\n])*'|\`[^\`]*\`)${words ? `|(?<keyword>\\b(?:${words})\\b(?!\\s*=))` : ""}`,
    "g",
  );
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of code.matchAll(pattern)) {
    if (match.index > from) pieces.push({ text: code.slice(from, match.index), kind: null, at: from });
    const groups = match.groups ?? {};
    const kind = groups.comment ? "comment" : groups.string ? "string" : "keyword";
    pieces.push({ text: match[0], kind, at: match.index });
    from = match.index + match[0].length;
  }
  if (from < code.length) pieces.push({ text: code.slice(from), kind: null, at: from });
  return pieces;
}
