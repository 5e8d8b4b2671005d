import { expect, test } from "vitest";
import { teethOf } from "./teeth";

test("a cut has six teeth between 0 and 4, and is the same for the same hint", () => {
  const teeth = teethOf("sk-vllm-7Qm4…B3xZ");
  expect(teeth).toHaveLength(6);
  expect(teeth.every((depth) => depth >= 0 && depth <= 4)).toBe(true);
  expect(teethOf("sk-vllm-7Qm4…B3xZ")).toEqual(teeth);
});

test("a rotated key changes its cut", () => {
  expect(teethOf("sk-vllm-c1Vn…q8Ty")).not.toEqual(teethOf("sk-vllm-7Qm4…B3xZ"));
});
