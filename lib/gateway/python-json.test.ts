import fc from "fast-check";
import { expect, test } from "vitest";
import { COMPACT, redumped, SPACED } from "./python-json";
import { pythonNumber, withPythonNumbers } from "./python-numbers";

test("numbers are spelled as Python's repr spells them", () => {
  const pairs = [
    ["-1.1920928955078125e-7", "-1.1920928955078125e-07"],
    ["0.00001", "1e-05"],
    ["-0.000012", "-1.2e-05"],
    ["0.0001", "0.0001"],
    ["0.00012", "0.00012"],
    ["-0.0", "-0.0"],
    ["1e16", "1e+16"],
    ["1E15", "1000000000000000.0"],
    ["123456.75", "123456.75"],
    ["1.50", "1.5"],
    ["-9999.0", "-9999.0"],
    ["1e100", "1e+100"],
    ["5e-324", "5e-324"],
    ["123456789012345678901", "123456789012345678901"],
    ["-0", "0"],
    ["7", "7"],
  ] as const;
  for (const [written, wanted] of pairs) expect(pythonNumber(written)).toBe(wanted);
});

test("a number's value never changes", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Number(pythonNumber(Object.is(value, -0) ? "-0.0" : value.toExponential()))).toBe(value);
    }),
  );
});

test("in JSON only fractions outside strings change", () => {
  const json = '{"a":1e-7,"b":"1e-7 \\" 0.00001","c":[0.5,-0.00001,12],"e":true,"d":"\\\\"}';
  expect(withPythonNumbers(json)).toBe('{"a":1e-07,"b":"1e-7 \\" 0.00001","c":[0.5,-1e-05,12],"e":true,"d":"\\\\"}');
});

test("what JSON holds is the same after all spellings", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(JSON.parse(withPythonNumbers(text))).toEqual(JSON.parse(text));
      for (const separators of [SPACED, COMPACT]) {
        const dumped = redumped(text, separators) ?? "";
        expect(JSON.parse(dumped)).toEqual(JSON.parse(text));
        expect(redumped(dumped, separators)).toBe(dumped);
      }
    }),
  );
});

test("a dump has one spelling of spaces, escapes and numbers, and the last of equal members", () => {
  const text = '{"a" :1.50,"b":[ ],"é":"\\u00e9\\/","a":{ "x":12345678901234567890}}';
  expect(redumped(text, SPACED)).toBe('{"a": {"x": 12345678901234567890}, "b": [], "é": "é/"}');
  expect(redumped('[1, 2 ,"x"]', COMPACT)).toBe('[1,2,"x"]');
});

test("what is no JSON has no other spelling", () => {
  for (const text of ["", '{"a":', "{'a': 1}", "[1,]", '"\\x"']) expect(redumped(text, SPACED)).toBeNull();
  expect(redumped(`${"[".repeat(5_000)}${"]".repeat(5_000)}`, SPACED)).toBeNull();
});
