// vLLM writes whole answers with Python's `json` and streams with another library: the same number comes as `-1.2e-05` in the
// one and as `-0.000012` in the other.

const FRACTION = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const INTEGER = /^-?\d+$/;

/** A number as Python's `repr` gives it. What is written without point and exponent is an integer and keeps its digits. */
export function pythonNumber(text: string): string {
  if (INTEGER.test(text)) return text === "-0" ? "0" : text;
  const value = Number(text);
  if (!Number.isFinite(value)) return text;
  // Both languages write the fewest digits that give the same number back; only their place differs.
  const [mantissa = "", power = ""] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const exponent = Number(power);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  return sign + (exponent >= -4 && exponent < 16 ? plain(digits, exponent) : scientific(digits, exponent));
}

function plain(digits: string, exponent: number) {
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${whole}.${digits.slice(exponent + 1) || "0"}`;
}

function scientific(digits: string, exponent: number) {
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
  const power = String(Math.abs(exponent)).padStart(2, "0");
  return `${digits.charAt(0)}${fraction}e${exponent < 0 ? "-" : "+"}${power}`;
}

/** JSON with every fraction in Python's spelling; all else, strings above all, stays as it is. */
export function withPythonNumbers(json: string): string {
  let out = "";
  let from = 0;
  for (;;) {
    const quote = json.indexOf('"', from);
    const outside = quote === -1 ? json.slice(from) : json.slice(from, quote);
    out += outside.includes(".") || /\de/i.test(outside) ? outside.replace(FRACTION, fractionOf) : outside;
    if (quote === -1) return out;
    const end = endOfText(json, quote);
    out += json.slice(quote, end);
    from = end;
  }
}

const fractionOf = (number: string) => (INTEGER.test(number) ? number : pythonNumber(number));

function endOfText(json: string, start: number) {
  let from = start + 1;
  for (;;) {
    const quote = json.indexOf('"', from);
    if (quote === -1) return json.length;
    let backslashes = 0;
    while (json[quote - 1 - backslashes] === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    from = quote + 1;
  }
}
