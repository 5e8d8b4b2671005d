/** Why a pod can't be used, as a closed list: nothing a pod says reaches a page. */
export const POD_PROBLEMS = [
  "forbidden_address",
  "name_not_found",
  "refused",
  "refused_here",
  "bound_to_loopback",
  "unreachable",
  "tls",
  "timeout",
  "broken",
  "key_missing",
  "wrong_key",
  "loading",
  "waking",
  "stopping",
  "proxy_limit",
  "engine_dead",
  "no_tokens",
  "redirected",
  "not_vllm",
] as const;

export type PodProblem = (typeof POD_PROBLEMS)[number];

export type Explanation = { sentence: string; nextStep: string };

export type ConnectionResult =
  | {
      ok: true;
      models: string[];
      roundTripMs: number;
      /** While a key is being changed: the pod takes the one before, not yet or no longer the present one. */
      takesKeyBefore?: true;
    }
  | ({ ok: false; reason: PodProblem } & Explanation);

const EXPLANATIONS: Record<PodProblem, Explanation> = {
  forbidden_address: {
    sentence:
      "This address is link-local or belongs to a cloud's metadata service. Podpass never sends requests there.",
    nextStep: "Use the pod's own public or private address.",
  },
  name_not_found: {
    sentence: "The host name does not exist.",
    nextStep:
      "Check the spelling. On RunPod the name ends when the pod is stopped: copy the current one from its page.",
  },
  refused: {
    sentence: "The machine answers, but nothing listens on this port.",
    nextStep: "Start vLLM, check the port, and start it with --host 0.0.0.0 if Podpass runs on another machine.",
  },
  refused_here: {
    sentence: "This is the machine that Podpass runs on, and nothing listens on this port.",
    nextStep:
      "Start vLLM, check the port. In a container, localhost is the container itself: enter the machine's address, or host.docker.internal.",
  },
  bound_to_loopback: {
    sentence: "The server is bound to 127.0.0.1, so nobody reaches it under this address.",
    nextStep: "Start vLLM with --host 0.0.0.0, or enter http://127.0.0.1 with its port: it runs on the same machine.",
  },
  unreachable: {
    sentence: "There is no way to this machine from here.",
    nextStep: "Check that the pod runs and that the network between Podpass and the pod allows the connection.",
  },
  tls: {
    sentence:
      "A secure connection could not be made: the certificate is not valid for this address, or this port speaks plain http.",
    nextStep: "Check https:// against http://, the port, and the certificate's name and date.",
  },
  timeout: {
    sentence: "The pod did not answer in time.",
    nextStep: "Check the address and the firewall. A pod that is starting may need minutes: try again then.",
  },
  broken: {
    sentence: "The connection broke before an answer came.",
    nextStep: "Check that the port belongs to vLLM, and look into vLLM's log.",
  },
  key_missing: {
    sentence: "The pod asks for a key and none is stored here.",
    nextStep: "Enter the key that vLLM was started with (--api-key or VLLM_API_KEY).",
  },
  wrong_key: {
    sentence: "The pod refuses this key (401).",
    nextStep: "Enter the key that vLLM was started with (--api-key or VLLM_API_KEY).",
  },
  loading: {
    sentence: "A proxy answers for the pod, but vLLM does not listen yet (502).",
    nextStep:
      "Wait while the model loads, which takes minutes after a cold start. If it stays so, start vLLM with --host 0.0.0.0: bound to 127.0.0.1 the proxy cannot reach it.",
  },
  waking: {
    sentence: "The pod was started, and its machine is coming up.",
    nextStep: "Wait: a machine and its model take minutes. If it stays so, look at the provider's page.",
  },
  stopping: {
    sentence: "The pod was told to stop.",
    nextStep: "Wait: its machine may still answer for a while.",
  },
  proxy_limit: {
    sentence: "The proxy in front of the pod gave up waiting (524; RunPod's limit is 100 seconds).",
    nextStep: "Wait until the model has loaded. If it stays so, use the pod's TCP port, which avoids the proxy.",
  },
  engine_dead: {
    sentence: "vLLM runs, but its engine has died (503).",
    nextStep: "Look into vLLM's log and restart it.",
  },
  no_tokens: {
    sentence: "vLLM answers, but produces no tokens.",
    nextStep: "Look into vLLM's log and restart it: its engine hangs or fails on every request.",
  },
  redirected: {
    sentence: "The address answers with a redirect, which Podpass does not follow.",
    nextStep: "Enter the address it leads to. Often https:// instead of http:// is enough.",
  },
  not_vllm: {
    sentence: "Something answers, but not as vLLM does.",
    nextStep: "Check the port and the path. The address is the one that /v1/models comes after.",
  },
};

/** What a problem means, and what to do next. */
export function explain(problem: PodProblem): Explanation {
  return EXPLANATIONS[problem];
}

/** True for what is one of the problems: the column that holds it is text. */
export function isPodProblem(text: string | null): text is PodProblem {
  return POD_PROBLEMS.some((problem) => problem === text);
}
