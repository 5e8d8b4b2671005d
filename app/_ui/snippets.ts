import type { CodeLanguage } from "./highlight";

/** What a snippet needs. `secret` is the real one on the pass and `$PODPASS_KEY` where there is none to show. */
export type SnippetFacts = {
  /** Without a trailing slash and without `/v1`. */
  publicUrl: string;
  /** A model a pod serves now; null while none does. */
  model: string | null;
  secret: string | null;
};

export type Snippet = { id: string; name: string; language: CodeLanguage; code: string };
export type SnippetGroup = { id: string; name: string; snippets: Snippet[] };

const VARIABLE = "PODPASS_KEY";

/** Ready-to-run calls, grouped by tab. They contain nothing to fill in while a pod serves a model. */
export function snippetGroups({ publicUrl, model: served, secret }: SnippetFacts): SnippetGroup[] {
  const model = served ?? "your-model";
  const base = `${publicUrl}/v1`;
  const shellSecret = secret ?? `$${VARIABLE}`;
  const python = secret ? `"${secret}"` : `os.environ["${VARIABLE}"]`;
  const javascript = secret ? `"${secret}"` : `process.env.${VARIABLE}`;
  const pythonOs = secret ? "" : "import os\n";
  const message = `{"role": "user", "content": "Hello"}`;

  const curl = `curl ${base}/chat/completions \\
  -H "Authorization: Bearer ${shellSecret}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${model}", "messages": [${message}]}'`;

  const pythonOpenai = `${pythonOs}from openai import OpenAI

client = OpenAI(
    base_url="${base}",
    api_key=${python},
)
answer = client.chat.completions.create(
    model="${model}",
    messages=[${message}],
)
print(answer.choices[0].message.content)`;

  const pythonRequests = `${pythonOs}import requests

answer = requests.post(
    "${base}/chat/completions",
    headers={"Authorization": ${secret ? `"Bearer ${secret}"` : `"Bearer " + ${python}`}},
    json={"model": "${model}", "messages": [${message}]},
    timeout=600,
)
answer.raise_for_status()
print(answer.json()["choices"][0]["message"]["content"])`;

  const javascriptOpenai = `import OpenAI from "openai";

const client = new OpenAI({
  baseURL: "${base}",
  apiKey: ${javascript},
});
const answer = await client.chat.completions.create({
  model: "${model}",
  messages: [{ role: "user", content: "Hello" }],
});
console.log(answer.choices[0].message.content);`;

  const javascriptFetch = `const answer = await fetch("${base}/chat/completions", {
  method: "POST",
  headers: {
    authorization: ${secret ? `"Bearer ${secret}"` : `\`Bearer \${${javascript}}\``},
    "content-type": "application/json",
  },
  body: JSON.stringify({
    model: "${model}",
    messages: [{ role: "user", content: "Hello" }],
  }),
});
console.log((await answer.json()).choices[0].message.content);`;

  const anthropicPython = `${pythonOs}from anthropic import Anthropic

# without /v1: the SDK adds it
client = Anthropic(
    base_url="${publicUrl}",
    api_key=${python},
)
answer = client.messages.create(
    model="${model}",
    max_tokens=256,
    messages=[${message}],
)
print(answer.content[0].text)`;

  const anthropicJavascript = `import Anthropic from "@anthropic-ai/sdk";

// without /v1: the SDK adds it
const client = new Anthropic({
  baseURL: "${publicUrl}",
  apiKey: ${javascript},
});
const answer = await client.messages.create({
  model: "${model}",
  max_tokens: 256,
  messages: [{ role: "user", content: "Hello" }],
});
console.log(answer.content[0].text);`;

  const env = `OPENAI_BASE_URL=${base}
OPENAI_API_KEY=${secret ?? "your secret"}
OPENAI_MODEL=${model}`;

  const openWebui = `# Settings, Connections, OpenAI API
URL: ${base}
Key: ${secret ?? "your secret"}`;

  const continueDev = `# ~/.continue/config.yaml
models:
  - name: ${model}
    provider: openai
    model: ${model}
    apiBase: ${base}
    apiKey: ${secret ?? "your secret"}`;

  const claudeCode = `export ANTHROPIC_BASE_URL="${publicUrl}"
export ANTHROPIC_AUTH_TOKEN="${shellSecret}"
export ANTHROPIC_MODEL="${model}"
claude`;

  const langchain = `${pythonOs}from langchain_openai import ChatOpenAI

chat = ChatOpenAI(
    model="${model}",
    base_url="${base}",
    api_key=${python},
)
print(chat.invoke("Hello").content)`;

  const aiSdk = `import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText } from "ai";

const podpass = createOpenAICompatible({
  name: "podpass",
  baseURL: "${base}",
  apiKey: ${javascript},
});
const { text } = await generateText({ model: podpass("${model}"), prompt: "Hello" });
console.log(text);`;

  return [
    { id: "curl", name: "curl", snippets: [{ id: "curl", name: "curl", language: "shell", code: curl }] },
    {
      id: "python",
      name: "Python",
      snippets: [
        { id: "openai", name: "openai", language: "python", code: pythonOpenai },
        { id: "requests", name: "requests", language: "python", code: pythonRequests },
        { id: "langchain", name: "LangChain", language: "python", code: langchain },
      ],
    },
    {
      id: "javascript",
      name: "JavaScript",
      snippets: [
        { id: "openai", name: "openai", language: "javascript", code: javascriptOpenai },
        { id: "fetch", name: "fetch", language: "javascript", code: javascriptFetch },
        { id: "ai-sdk", name: "Vercel AI SDK", language: "javascript", code: aiSdk },
      ],
    },
    {
      id: "anthropic",
      name: "Anthropic SDK",
      snippets: [
        { id: "python", name: "Python", language: "python", code: anthropicPython },
        { id: "javascript", name: "JavaScript", language: "javascript", code: anthropicJavascript },
        { id: "claude-code", name: "Claude Code", language: "shell", code: claudeCode },
      ],
    },
    { id: "env", name: ".env", snippets: [{ id: "env", name: ".env", language: "env", code: env }] },
    {
      id: "tools",
      name: "Other tools",
      snippets: [
        { id: "open-webui", name: "Open WebUI", language: "yaml", code: openWebui },
        { id: "continue", name: "Continue", language: "yaml", code: continueDev },
      ],
    },
  ];
}
