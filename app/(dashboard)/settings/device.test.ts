import { expect, test } from "vitest";
import { deviceOf } from "./device";

test.each([
  {
    words: "Chrome on Linux",
    agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
  },
  {
    words: "Edge on Windows",
    agent: "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
  },
  {
    words: "Safari on iPhone",
    agent:
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1",
  },
  {
    words: "Firefox on macOS",
    agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:130.0) Gecko/20100101 Firefox/130.0",
  },
  { words: "Unknown browser", agent: "<script>alert(1)</script>" },
])("a session is named by browser and system: $words", ({ words, agent }) => {
  expect(deviceOf(agent)).toBe(words);
});

test("a session without a description has a name as well", () => {
  expect(deviceOf(null)).toBe("Unknown browser");
});
