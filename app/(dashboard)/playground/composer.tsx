"use client";

import { type KeyboardEvent, type Ref, useState } from "react";
import { Button } from "@/app/_ui/button";

type ComposerProps = {
  field: Ref<HTMLTextAreaElement>;
  isAnswering: boolean;
  /** Why nothing can be sent. */
  refused: string | null;
  draft: string;
  onDraft: (text: string) => void;
  onSend: () => void;
  onStop: () => void;
};

/** Where one writes. Enter sends, Shift and Enter begin a line; while an answer comes, the button stops it. */
export function Composer({ field, isAnswering, refused, draft, onDraft, onSend, onStop }: ComposerProps) {
  const [isComposing, setComposing] = useState(false);

  function onKeyDown(event: KeyboardEvent) {
    // Enter that ends a word in an input method is no Enter of ours.
    if (event.key !== "Enter" || event.shiftKey || isComposing || event.nativeEvent.isComposing) return;
    event.preventDefault();
    onSend();
  }

  return (
    // No form: sent before the page's script ran, it would load the page anew and lose what was written.
    <div className="composer">
      <div className="field composer-field">
        <textarea
          ref={field}
          rows={1}
          aria-label="Message"
          aria-describedby="composer-help"
          placeholder="Ask the model something"
          autoComplete="off"
          enterKeyHint="send"
          maxLength={1_000_000}
          value={draft}
          onChange={(event) => onDraft(event.target.value)}
          onCompositionStart={() => setComposing(true)}
          onCompositionEnd={() => setComposing(false)}
          onKeyDown={onKeyDown}
          data-search
        />
        {isAnswering ? (
          <Button key="stop" onClick={onStop}>
            Stop <kbd className="no-phone">Esc</kbd>
          </Button>
        ) : (
          <Button key="send" onClick={onSend} tone="primary" aria-disabled={refused !== null || draft.trim() === ""}>
            Send
          </Button>
        )}
      </div>
      <p className="help-small" id="composer-help">
        {refused ?? "Enter sends, Shift+Enter begins a line."}
      </p>
    </div>
  );
}
