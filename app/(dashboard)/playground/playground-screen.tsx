"use client";

import dynamic from "next/dynamic";
import { useEffect, useId, useRef, useState } from "react";
import { Button } from "@/app/_ui/button";
import { exact } from "@/app/_ui/figures";
import { ChevronIcon } from "@/app/_ui/icons";
import { ChoiceMenu } from "@/app/_ui/menu";
import { PageHead } from "@/app/_ui/page-head";
import { useTypedEarly } from "@/app/_ui/use-typed-early";
import type { CallableKey } from "@/lib/playground/queries";
import { Composer } from "./composer";
import { bodyOf, NO_SETTINGS, type Turn } from "./conversation";
import { curlOf } from "./curl";
import { areSettingsSound, SettingsPanel } from "./settings-panel";
import { AnswerTurn, QuestionTurn } from "./turn";
import { useConversation } from "./use-conversation";
import { useFollow } from "./use-follow";

const CurlDialog = dynamic(() => import("./curl-dialog").then((module) => module.CurlDialog), { ssr: false });

type PlaygroundScreenProps = {
  keys: readonly CallableKey[];
  /** Models that pods serve now. */
  served: readonly string[];
  chosen: { keyId: string; model: string | null };
  publicUrl: string;
};

/** A chat with a model through one of one's own keys. All of it is in this page's memory: leaving forgets it. */
export function PlaygroundScreen({ keys, served, chosen, publicUrl }: PlaygroundScreenProps) {
  const settingsId = useId();
  const [keyId, setKeyId] = useState(chosen.keyId);
  const [wanted, setWanted] = useState(chosen.model);
  const [settings, setSettings] = useState(NO_SETTINGS);
  const [isOpen, setOpen] = useState(false);
  const [curl, setCurl] = useState<string | null>(null);
  const [draft, setDraft] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  useTypedEarly(field, draft, setDraft);

  const key = keys.find(({ id }) => id === keyId) ?? keys[0];
  const models = served.filter((model) => !key?.models.length || key.models.includes(model));
  const model = models.find((each) => each === wanted) ?? models[0] ?? null;
  const { turns, isAnswering, send, again, stop, clear } = useConversation({
    keyId: key?.id ?? "",
    model: model ?? "",
    settings,
  });
  useFollow(turns);
  const refused =
    model === null
      ? served.length === 0
        ? "No pod serves a model right now."
        : "No model this key may use is served right now. Choose another key."
      : areSettingsSound(settings)
        ? null
        : "A setting is out of its range.";

  useEffect(() => {
    if (!isAnswering) return;
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      // Escape belongs to what is open over the page first.
      if (document.querySelector("dialog[open], :popover-open")) return;
      event.preventDefault();
      stop();
      field.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [isAnswering, stop]);

  function submit() {
    const text = draft.trim();
    field.current?.focus();
    if (text === "" || isAnswering || refused !== null) return;
    setDraft("");
    send(text);
  }

  function showCurl() {
    const asked = turns.findLastIndex(({ role }) => role === "user") + 1;
    const written: Turn[] = draft.trim() === "" ? [] : [{ role: "user", id: 0, text: draft.trim() }];
    const shown = written.length > 0 ? [...turns, ...written] : turns.slice(0, asked);
    const hello: Turn[] = [{ role: "user", id: 0, text: "Hello" }];
    setCurl(curlOf(publicUrl, bodyOf(shown.length > 0 ? shown : hello, model ?? "your-model", settings)));
  }

  return (
    <div className="page playground">
      <PageHead title="Playground" meta="Nothing written here is stored">
        <Button onClick={showCurl}>Show as curl</Button>
        <Button
          aria-disabled={turns.length === 0}
          onClick={() => {
            clear();
            field.current?.focus();
          }}
        >
          New chat
        </Button>
      </PageHead>
      <div className="toolbar">
        <ChoiceMenu
          label="Key"
          prefix="with"
          value={key?.id ?? ""}
          options={keys.map(({ id, name, hint }) => ({
            value: id,
            name: keys.some((other) => other.id !== id && other.name === name) ? `${name}, ${hint}` : name,
          }))}
          onChange={setKeyId}
        />
        <ChoiceMenu
          label="Model"
          value={model ?? ""}
          options={
            models.length > 0 ? models.map((name) => ({ value: name, name })) : [{ value: "", name: "No model" }]
          }
          onChange={setWanted}
        />
        <button
          type="button"
          className="button button-small"
          aria-expanded={isOpen}
          aria-controls={isOpen ? settingsId : undefined}
          onClick={() => setOpen(!isOpen)}
        >
          Settings <SettingsCount settings={settings} />
          <ChevronIcon size={12} className={isOpen ? "turned" : undefined} />
        </button>
      </div>
      {isOpen && <SettingsPanel id={settingsId} settings={settings} onChange={setSettings} />}
      {turns.length === 0 ? (
        <p className="nothing grow">
          What you ask is a call like any program's: it counts against the limits of <b>{key?.name}</b> and shows under
          Requests, without its words.
        </p>
      ) : (
        <ol className="turns grow" aria-label="Conversation">
          {turns.map((turn, index) =>
            turn.role === "user" ? (
              <QuestionTurn key={turn.id} of={turn} />
            ) : (
              <AnswerTurn
                key={turn.id}
                of={turn}
                onAgain={index === turns.length - 1 && refused === null && !isAnswering ? again : null}
              />
            ),
          )}
        </ol>
      )}
      <Composer
        field={field}
        isAnswering={isAnswering}
        refused={refused}
        draft={draft}
        onDraft={setDraft}
        onSend={submit}
        onStop={() => {
          stop();
          field.current?.focus();
        }}
      />
      <p className="visually-hidden" role="status">
        {spoken(turns)}
      </p>
      {curl !== null && <CurlDialog code={curl} onClose={() => setCurl(null)} />}
    </div>
  );
}

function SettingsCount({ settings }: { settings: Record<string, string> }) {
  const count = Object.values(settings).filter((value) => value.trim() !== "").length;
  if (count === 0) return null;
  return <span className="muted">{count} set</span>;
}

/** Short enough to be read out whole. */
const SPOKEN = 400;

/** What a screen reader is told: that an answer comes, and once it is there, the answer or how long it is. */
function spoken(turns: readonly Turn[]) {
  const last = turns.at(-1);
  if (last?.role !== "assistant") return "";
  const { state, text, refusal, figures } = last;
  if (state === "answering") return "The model is answering.";
  if (state === "failed") return `No answer. ${refusal?.message ?? ""}`;
  const size = figures.completionTokens === null ? "" : `, ${exact(figures.completionTokens)} tokens`;
  if (state === "stopped") return `Stopped${size}.`;
  return text.length <= SPOKEN ? `Answer: ${text}` : `The answer is complete${size}.`;
}
