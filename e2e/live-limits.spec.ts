import { expect, test } from "./fixtures";

test("the key's page shows what counts against its limits within seconds, without a reload @phone", async ({
  page,
  request,
  signIn,
  issueKey,
}) => {
  const key = await issueKey(await signIn(), { name: "laptop", rpm: "4", concurrency: "4" });
  await page.goto(`/keys/${key.id}`);
  const requests = page.getByRole("meter", { name: "Requests a minute" });
  await expect(requests).toHaveAttribute("aria-valuetext", "0 of 4 requests this minute");
  await expect(page.getByText("live", { exact: true })).toBeVisible();
  const call = () =>
    request.post("/v1/chat/completions", {
      headers: { authorization: `Bearer ${key.secret}` },
      data: { model: "simulated-llama-8b", max_tokens: 2, messages: [{ role: "user", content: "Hello" }] },
    });
  for (let calls = 0; calls < 3; calls += 1) expect((await call()).status()).toBe(200);
  // One comes back every quarter of a minute, which a busy machine can take to show them.
  await expect(requests).toHaveAttribute("aria-valuetext", /^[123] of 4 requests this minute$/);
  await expect(page.getByText(/Full again in \d+ s\. Set on the key\./).first()).toBeVisible();
  await expect(page.getByRole("meter", { name: "In parallel" })).toHaveAttribute(
    "aria-valuetext",
    "0 of 4 requests at once",
  );
});

test("somebody else's use is as unknown as their key", async ({ page, addMember, signIn, issueKey }) => {
  const theirs = await issueKey(await addMember(), { name: "theirs", rpm: "60" });
  await signIn();
  for (const id of [theirs.id, "018f0000-0000-7000-8000-000000000000", "nonsense"]) {
    const answer = await page.request.get(`/keys/${id}/use`);
    expect([answer.status(), await answer.json()]).toEqual([404, { error: "not_found" }]);
  }
});
