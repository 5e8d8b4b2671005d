import { expect, test } from "vitest";
import { standingOf } from "./pod-standing";

const pod = (name: string, state: string, more = {}) => ({
  name,
  state,
  models: state === "serving" ? [`${name}-model`] : [],
  pausedAt: null,
  simulatedAt: null,
  waitSeconds: 0,
  isWokenByCalls: false,
  ...more,
});

test("one serving pod speaks for the team, whatever the others do", () => {
  const standing = standingOf([pod("spare", "unreachable"), pod("atlas", "serving")]);
  expect(standing).toMatchObject({ words: "atlas is serving", tone: "ok", isServing: true, models: ["atlas-model"] });
});

test("a paused pod neither serves nor fails", () => {
  expect(standingOf([pod("atlas", "serving", { pausedAt: new Date() })])).toMatchObject({
    word: "Paused",
    isServing: false,
  });
});

test("models of several serving pods are offered once each", () => {
  const twin = { models: ["m"] };
  expect(standingOf([pod("a", "serving", twin), pod("b", "serving", twin)])).toMatchObject({
    words: "2 pods are serving",
    models: ["m"],
  });
});

test("calls wait as long as for the most patient pod that is not paused", () => {
  const patient = { waitSeconds: 600 };
  expect(standingOf([pod("a", "loading", { waitSeconds: 90 }), pod("b", "unreachable", patient)]).waitSeconds).toBe(
    600,
  );
  expect(standingOf([pod("a", "loading", { ...patient, pausedAt: new Date() })]).waitSeconds).toBe(0);
});

test("without any pod the page says so", () => {
  expect(standingOf([]).words).toBe("No pod yet");
});
