"use client";

import { useState } from "react";
import { CodeBlock } from "./code-block";
import { Segmented } from "./segmented";
import { type SnippetFacts, snippetGroups } from "./snippets";
import { Tabs } from "./tabs";

/** Ready-to-run calls, one tab a language, with the real address and a model that is served. */
export function SnippetTabs(facts: SnippetFacts) {
  const groups = snippetGroups(facts);
  const [groupId, setGroupId] = useState("curl");
  const [chosen, setChosen] = useState<Record<string, string>>({});
  const group = groups.find(({ id }) => id === groupId) ?? groups[0];
  const snippet = group?.snippets.find(({ id }) => id === chosen[group.id]) ?? group?.snippets[0];
  if (!group || !snippet) return null;
  return (
    <Tabs label="Snippets" tabs={groups} chosen={group.id} onChoose={setGroupId}>
      <CodeBlock
        code={snippet.code}
        language={snippet.language}
        label={`${group.name}, ${snippet.name}`}
        head={
          group.snippets.length > 1 && (
            <div className="snippet-choice">
              <Segmented
                label={`${group.name} with`}
                options={group.snippets.map(({ id, name }) => ({ value: id, name }))}
                value={snippet.id}
                onChange={(id) => setChosen({ ...chosen, [group.id]: id })}
              />
            </div>
          )
        }
      />
    </Tabs>
  );
}
