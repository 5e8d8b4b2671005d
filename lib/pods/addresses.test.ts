import { describe, expect, test } from "vitest";
import { guardedLookup, isForbiddenAddress, namesForbiddenHost } from "./addresses";
import { podBaseUrl } from "./base-url";

describe("a pod's address", () => {
  test.each([
    ["https://pod-8000.proxy.runpod.net", "https://pod-8000.proxy.runpod.net"],
    ["https://pod-8000.proxy.runpod.net/v1", "https://pod-8000.proxy.runpod.net"],
    ["  http://10.0.0.5:8000/v1/ ", "http://10.0.0.5:8000"],
    ["HTTP://GPU.local:8000//", "http://gpu.local:8000"],
    ["https://gpu.example.com/team/v1", "https://gpu.example.com/team"],
    ["http://[::1]:8000", "http://[::1]:8000"],
    ["https://gpu.example.com:443", "https://gpu.example.com"],
  ])("%j is kept as %j", (typed, kept) => expect(podBaseUrl(typed)).toBe(kept));

  test.each([
    "",
    "localhost:8000",
    "ftp://gpu",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://",
    "https://user:pass@gpu.example.com",
    "https://gpu.example.com/?key=1",
    "https://gpu.example.com/#v1",
    "http://metadata.google.internal/computeMetadata",
    "http://METADATA.google.internal./",
    `https://gpu.example.com/${"a".repeat(500)}`,
  ])("%j is refused", (typed) => {
    expect(() => podBaseUrl(typed)).toThrow(expect.objectContaining({ code: "invalid_request", param: "baseUrl" }));
  });
});

describe("no request is sent to", () => {
  test.each([
    "169.254.169.254",
    "169.254.0.1",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::",
    "::a9fe:a9fe",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "100.100.100.200",
    "168.63.129.16",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "255.255.255.255",
    "ff02::1",
    "not an address",
  ])("%s", (address) => expect(isForbiddenAddress(address)).toBe(true));

  test.each([
    "http://169.254.169.254",
    "http://2852039166",
    "http://0xa9fea9fe",
    "http://0251.0376.0251.0376",
    "http://[::ffff:169.254.169.254]:8000",
  ])("%s", (baseUrl) => expect(namesForbiddenHost(podBaseUrl(baseUrl))).toBe(true));
});

test.each(["127.0.0.1", "::1", "10.0.0.5", "192.168.1.2", "172.20.0.3", "fd12:3456::1", "100.64.0.7", "203.0.113.7"])(
  "pods may live at %s",
  (address) => expect(isForbiddenAddress(address)).toBe(false),
);

test("names are judged by the addresses they lead to", async () => {
  const look = (name: string) =>
    new Promise((resolve) => guardedLookup(name, { all: true }, (error, found) => resolve(error ?? found)));
  expect(await look("localhost")).toEqual(
    expect.arrayContaining([expect.objectContaining({ address: expect.any(String) })]),
  );
  expect(await look("169.254.169.254")).toMatchObject({ name: "ForbiddenAddressError" });
});
