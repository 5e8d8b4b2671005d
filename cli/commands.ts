import type { Command, Option } from "./command";

/** How a pod is used; `none` takes a limit away. */
const POD_SETTINGS: Readonly<Record<string, Option>> = {
  weight: { value: "N", says: "its share beside other pods that serve the same model; 1 if left out" },
  "max-in-flight": { value: "N", says: "most requests on it at once; more wait their turn" },
  "hold-seconds": { value: "N", says: "how long requests wait while it loads (0 to 600)" },
  "behind-proxy": { value: "on|off", says: "its proxy gives up after 100 seconds without a byte, as RunPod's does" },
};

/** Every command, in the order of the help. What they import reads the environment, so it is loaded when they run. */
export const COMMANDS: readonly Command[] = [
  {
    name: "member add",
    words: ["EMAIL"],
    says: "adds a member",
    options: {
      role: { value: "ROLE", says: "owner, admin or member; left out: member, and owner for the first of all" },
      "password-stdin": { says: "reads the password from standard input" },
    },
    notes: ["Without a password it prints a link, good for 24 hours, with which the member chooses one."],
    run: async (given) => (await import("./member")).addMember(given),
  },
  {
    name: "member reset",
    words: ["EMAIL"],
    says: "makes a link with which a member, the owner too, chooses a new password",
    options: {},
    run: async (given) => (await import("./member")).resetMemberNamed(given),
  },
  {
    name: "member disable",
    words: ["EMAIL"],
    says: "ends a member's sessions and stops their keys; an admin can enable them again",
    options: {},
    run: async (given) => (await import("./member")).disableMemberNamed(given),
  },
  {
    name: "member list",
    words: [],
    says: "lists the members",
    options: {},
    run: async (given) => (await import("./member")).memberList(given),
  },
  {
    name: "key issue",
    words: [],
    says: "makes a key and shows its secret, this once",
    options: {
      member: { value: "EMAIL", says: "whose key it is" },
      name: { value: "NAME", says: "what to call it, 1 to 64 characters" },
      expires: {
        value: "WHEN",
        says: "a duration (90d), a date (2027-01-31), or never; the policy's default if left out",
      },
      rpm: { value: "N", says: "requests a minute" },
      tpm: { value: "N", says: "tokens a minute" },
      concurrency: { value: "N", says: "requests in parallel" },
      "monthly-tokens": { value: "N", says: "tokens a month" },
      "monthly-usd": { value: "DOLLARS", says: "GPU dollars a month, such as 12.50" },
      models: { value: "A,B", says: "the only models it may use" },
      cidrs: { value: "NET,NET", says: "the only networks it may be used from" },
    },
    notes: ["Needs --member and --name. What is set here may exceed the policy."],
    run: async (given) => (await import("./key")).issueKey(given),
  },
  {
    name: "key rotate",
    words: ["ID"],
    says: "gives a key a new secret and shows it, this once",
    options: {
      grace: {
        value: "DURATION",
        says: "how long the old secret keeps working: 15m, 24h (default), 7d; 0s ends it now",
      },
    },
    run: async (given) => (await import("./key")).rotateKeyById(given),
  },
  {
    name: "key revoke",
    words: ["ID"],
    says: "ends a key and all its secrets, for good",
    options: {},
    run: async (given) => (await import("./key")).revokeKeyById(given),
  },
  {
    name: "key list",
    words: [],
    says: "lists the keys, newest first",
    options: {
      member: { value: "EMAIL", says: "one member's keys" },
      status: {
        value: "STATUS",
        says: "all (default), live, ended, active, expiring, rotating, disabled, expired or revoked",
      },
    },
    run: async (given) => (await import("./key")).keyList(given),
  },
  {
    name: "pod add",
    words: ["NAME", "URL"],
    says: "adds a pod and tests the connection to it",
    options: {
      "key-stdin": { says: "reads the pod's key from standard input" },
      "hourly-usd": { value: "DOLLARS", says: "its price an hour, such as 0.78" },
      ...POD_SETTINGS,
    },
    notes: ["The address may end in /v1. The first pod added takes the place of the simulated one."],
    run: async (given) => (await import("./pod")).addPodNamed(given),
  },
  {
    name: "pod list",
    words: [],
    says: "lists the pods and their states",
    options: {},
    run: async (given) => (await import("./pod")).podList(given),
  },
  {
    name: "pod edit",
    words: ["POD"],
    says: "changes a pod's settings; what is not named stays",
    options: {
      name: { value: "NAME", says: "another name" },
      url: { value: "URL", says: "another address; the stored key belongs to the one before and goes" },
      "hourly-usd": { value: "DOLLARS", says: "its price an hour; none for no price" },
      ...POD_SETTINGS,
      "wake-when-called": { value: "on|off", says: "a request for it wakes it while it is asleep" },
      "stop-after": { value: "MINUTES", says: "stops it after so many idle minutes (5 to 10080); none for never" },
      "hooks-stdin": { says: "reads the hooks that start and stop its machine from standard input" },
    },
    notes: [
      "POD is a pod's name or id.",
      'Hooks are JSON: {"start": {"url": …, "method": "POST", "headers": {…}, "body": {…}}, "stop": {…}}; null takes one away.',
    ],
    run: async (given) => (await import("./edit-pod")).editPodNamed(given),
  },
  {
    name: "pod key",
    words: ["POD"],
    says: "stores another key for a pod, from standard input",
    options: {},
    notes: [
      "Nothing is restarted and no request is lost: for a day both keys are tried, whichever of the two the pod takes.",
    ],
    run: async (given) => (await import("./edit-pod")).replaceKeyOf(given),
  },
  {
    name: "pod test",
    words: ["POD"],
    says: "tests the connection to a pod and says what is wrong",
    options: {},
    run: async (given) => (await import("./edit-pod")).testPodNamed(given),
  },
  {
    name: "pod pause",
    words: ["POD"],
    says: "sends a pod no new requests; those that run finish",
    options: {},
    run: async (given) => (await import("./edit-pod")).pausePodNamed(given),
  },
  {
    name: "pod resume",
    words: ["POD"],
    says: "sends a paused pod requests again",
    options: {},
    run: async (given) => (await import("./edit-pod")).resumePodNamed(given),
  },
  {
    name: "pod wake",
    words: ["POD"],
    says: "starts a pod's machine through its hook",
    options: {},
    run: async (given) => (await import("./power-pod")).wakePodNamed(given),
  },
  {
    name: "pod sleep",
    words: ["POD"],
    says: "stops a pod's machine through its hook; requests that run on it break off",
    options: {},
    run: async (given) => (await import("./power-pod")).sleepPodNamed(given),
  },
  {
    name: "pod remove",
    words: ["POD"],
    says: "takes a pod out of service for good: its key is deleted, its history stays",
    options: {},
    run: async (given) => (await import("./edit-pod")).removePodNamed(given),
  },
  {
    name: "usage export",
    words: [],
    says: "prints usage, oldest first",
    options: {
      from: { value: "WHEN", says: "the first moment: a date, a time, or a duration ago (7d); 30d if left out" },
      to: { value: "WHEN", says: "the moment after the last; now if left out" },
      by: { value: "BY", says: "one row for each request (default), key, member, model, hour or day" },
      format: { value: "FORMAT", says: "csv (default) or json" },
    },
    notes: [
      "A date alone is its first moment in UTC; a time needs its zone: 2026-11-22T14:00:00Z. Hours and days are UTC's.",
      "Single requests are kept as long as the policy says (90 days by default), sums for ever.",
    ],
    run: async (given) => (await import("./usage")).exportUsage(given),
  },
  {
    name: "doctor",
    words: [],
    says: "checks environment, database, migrations, secret and pods, and says what to do",
    options: {},
    findsItsOwnEnvironment: true,
    run: async () => (await import("./doctor")).examine(),
  },
];
