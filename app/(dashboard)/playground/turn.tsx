import Link from "next/link";
import { Button } from "@/app/_ui/button";
import { CopyButton } from "@/app/_ui/copy-button";
import { duration, exact } from "@/app/_ui/figures";
import { ChevronIcon, RotateIcon } from "@/app/_ui/icons";
import { Note } from "@/app/_ui/note";
import type { Answer, Figures, Question, Refusal } from "./conversation";
import { MessageText } from "./message-text";

/** What a person wrote. */
export function QuestionTurn({ of: { text } }: { of: Question }) {
  return (
    <li className="turn">
      <h2>You</h2>
      <div className="turn-text">
        <MessageText text={text} />
      </div>
    </li>
  );
}

type AnswerTurnProps = {
  of: Answer;
  /** Asks anew; only the last answer can. */
  onAgain: (() => void) | null;
};

/** What a model wrote, what it cost, and why it is not whole. */
export function AnswerTurn({ of: answer, onAgain }: AnswerTurnProps) {
  const { text, reasoning, state, refusal } = answer;
  const isOver = state !== "answering";
  const isThinking = !isOver && text === "" && reasoning !== "";
  return (
    <li className="turn" aria-busy={!isOver}>
      <h2>
        <code>{answer.model}</code>
      </h2>
      <div className="turn-text">
        {reasoning !== "" && (
          // Open while it is all there is; another element once there is an answer, which begins closed.
          <details key={isThinking ? "now" : "then"} className="disclosure reasoning" open={isThinking}>
            <summary>
              <ChevronIcon size={12} /> Reasoning
            </summary>
            <div className="second">
              <MessageText text={reasoning} />
            </div>
          </details>
        )}
        <MessageText text={text} />
        {!isOver && text === "" && reasoning === "" && <p className="muted waiting">Waiting for the first token</p>}
        {refusal && <RefusalNote of={refusal} />}
        {isOver && (
          <div className="turn-foot">
            <FiguresLine of={answer} />
            <span className="row push">
              {text !== "" && (
                <CopyButton text={text} size="small">
                  Copy
                </CopyButton>
              )}
              {onAgain && (
                <Button size="small" icon={<RotateIcon size={14} />} onClick={onAgain}>
                  Ask again
                </Button>
              )}
            </span>
          </div>
        )}
      </div>
    </li>
  );
}

const ENDS: Partial<Record<Answer["state"], string>> = {
  stopped: "Stopped",
  cut: "Cut at the limit of tokens",
};

/** `12 in, 88 out · first token 0.2 s · 61 tokens/s`, and the way to the request itself. */
function FiguresLine({ of: { figures, state, requestId } }: { of: Answer }) {
  const facts = [ENDS[state], ...factsOf(figures)].filter((fact) => fact !== undefined);
  return (
    <span className="muted num">
      {facts.join(" · ")}
      {requestId && (
        <>
          {facts.length > 0 && " · "}
          <Link href={`/requests?id=${requestId}`}>Details</Link>
        </>
      )}
    </span>
  );
}

export function factsOf({ promptTokens, completionTokens, ttftMs, tokensPerSecond }: Figures): string[] {
  return [
    ...(promptTokens === null || completionTokens === null
      ? []
      : [`${exact(promptTokens)} in, ${exact(completionTokens)} out`]),
    ...(ttftMs === null ? [] : [`first token ${duration(ttftMs)}`]),
    ...(tokensPerSecond === null ? [] : [`${exact(tokensPerSecond)} tokens/s`]),
  ];
}

/** Why, and what to do about it: our refusals say both themselves. */
function RefusalNote({ of: { code, message } }: { of: Refusal }) {
  const isPassing = code === "rate_limit_exceeded" || code === "queue_full";
  return (
    <Note tone={isPassing ? "warn" : "danger"}>
      {message} {code?.startsWith("key_") && "Or choose another key above."}
      {code === "session_ended" && <Link href="/sign-in?callbackUrl=%2Fplayground">Sign in</Link>}
      {code === "ip_not_allowed" && "Its networks are on the key's page."}
    </Note>
  );
}
